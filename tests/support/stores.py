"""Real servers of this computer that hold files as remote stores do.

S3 by moto, Google Cloud by gcp-storage-emulator, SFTP by OpenSSH, HTTP by Python.

Each is a context manager that gives the address at which the files of a folder are found. The settings that workers
need to reach them are environment variables and files, as on a cluster.
"""

from __future__ import annotations

import functools
import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler
from pathlib import Path
from typing import IO
from urllib.parse import quote
from urllib.request import Request, urlopen

import fsspec
import pytest
from web_server import web_server

BUCKET, SECRET = "clips", "secret"
SFTP_SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/libexec/sftp-server")


def free_port() -> int:
    """A port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def web(folder: Path) -> Iterator[str]:
    """Its folders list their files, as a server's index pages do; `secret` is refused."""

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            self._refused() or super().do_GET()

        def do_HEAD(self) -> None:
            self._refused() or super().do_HEAD()

        def _refused(self) -> bool:
            if "secret" in self.path:
                self.send_error(403)
            return "secret" in self.path

        def log_message(self, *args: object) -> None:
            pass

    with web_server(functools.partial(Handler, directory=folder)) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def s3(folder: Path) -> Iterator[str]:
    """The bucket `clips`, which the keys in the environment may read, and the bucket `secret`, which they may not."""
    for name in ("s3fs", "moto", "flask_cors"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    endpoint = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "moto.server", "-p", endpoint.rpartition(":")[2]]
    with pytest.MonkeyPatch.context() as patch, started(command, "Running on"):
        _fill(endpoint, folder, patch)
        yield f"s3://{BUCKET}"


def _fill(endpoint: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Two buckets, a reader with rights to one of them, and the reader's keys in the environment."""
    import boto3

    owner = {"endpoint_url": endpoint, "aws_access_key_id": "owner", "aws_secret_access_key": "owner"}
    with closing(boto3.client("s3", region_name="us-east-1", **owner)) as client:
        for bucket in (BUCKET, SECRET):
            client.create_bucket(Bucket=bucket)
        for path in folder.rglob("*"):
            if path.is_file():
                client.upload_file(str(path), BUCKET, path.relative_to(folder).as_posix())
    with closing(boto3.client("iam", region_name="us-east-1", **owner)) as client:
        client.create_user(UserName="reader")
        rights = {
            "Effect": "Allow",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{BUCKET}{end}" for end in ("", "/*")],
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
        client.put_user_policy(UserName="reader", PolicyName="reads", PolicyDocument=policy)
        key = client.create_access_key(UserName="reader")["AccessKey"]
    guard(endpoint)
    patch.setenv("AWS_ENDPOINT_URL", endpoint)
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    patch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    patch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])


def guard(endpoint: str, after: int = 0) -> None:
    """From now on, or after so many requests, the server asks who wants what."""
    with urlopen(Request(f"{endpoint}/moto-api/reset-auth", str(after).encode(), {"Content-Type": "text/plain"})):
        pass


@contextmanager
def gcs(folder: Path) -> Iterator[str]:
    """The bucket `clips`. This server knows no rights: `refusing` stands for what Google answers to strangers."""
    pytest.importorskip("gcp_storage_emulator", reason="gcp-storage-emulator is not installed")
    endpoint = f"http://127.0.0.1:{free_port()}"
    with google(endpoint):
        command = [sys.executable, "-m", "gcp_storage_emulator", "start", "--host", "127.0.0.1", "--port"]
        with started([*command, endpoint.rpartition(":")[2], "--in-memory", "--default-bucket", BUCKET], "started"):
            for path in folder.rglob("*"):
                if path.is_file():
                    name = quote(path.relative_to(folder).as_posix(), safe="")
                    target = f"{endpoint}/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={name}"
                    with urlopen(Request(target, path.read_bytes(), {"Content-Type": "application/octet-stream"})):
                        pass
            yield f"gs://{BUCKET}"


@contextmanager
def google(endpoint: str) -> Iterator[None]:
    """The environment in which gcsfs takes an endpoint for Google, looks for no keys, and asks for no kind of bucket,
    which only Google's own server tells."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", endpoint)
        patch.setenv("FSSPEC_GCS_TOKEN", "anon")
        patch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # gcsfs reads it when it is imported
        patch.setitem(fsspec.config.conf, "gcs", {"token": "anon"})  # fsspec has read the environment already
        pytest.importorskip("gcsfs", reason="gcsfs is not installed").GCSFileSystem.clear_instance_cache()
        yield


@contextmanager
def refusing(status: int) -> Iterator[str]:
    """The address of a server that answers all requests as Google does: 401 without keys, 403 without rights."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = json.dumps({"error": {"code": status, "message": "The caller has no access to the bucket."}})
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *args: object) -> None:
            pass

    with web_server(Handler) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def ssh(folder: Path, home: Path) -> Iterator[str]:
    """By a server of this user's own, with a key made for it, in a home folder made for it."""
    pytest.importorskip("paramiko", reason="paramiko is not installed")
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    serves = next((name for name in SFTP_SERVERS if Path(name).exists()), None)
    if sshd is None or serves is None:
        pytest.skip("OpenSSH's server is not installed")
    keys = home / ".ssh"
    keys.mkdir(parents=True, mode=0o700)
    for name in ("host", "id_ed25519"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / name], check=True)
    (keys / "id_ed25519.pub").rename(keys / "authorized_keys")
    port = free_port()
    (keys / "config_of_server").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {keys}/host\nAuthorizedKeysFile {keys}/authorized_keys\n"
        f"PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nSubsystem sftp {serves}\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    command = [sshd, "-D", "-e", "-f", keys / "config_of_server"]
    with pytest.MonkeyPatch.context() as patch, started(command, "listening"):
        patch.setenv("HOME", str(home))
        yield f"ssh://{getpass.getuser()}@127.0.0.1:{port}{folder}"


@contextmanager
def started(command: Sequence[str | Path], word: str) -> Iterator[None]:
    """A program that runs, and has said a line with that `word`."""
    program = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert program.stderr is not None
        if not any(word in line for line in program.stderr):
            pytest.fail(f"{command[0]} does not start")
        # What else it says would fill the pipe in the end. Its children may say something after it has ended.
        threading.Thread(target=_drain, args=[program.stderr], daemon=True).start()
        yield
    finally:
        program.terminate()
        program.wait()


def _drain(stream: IO[str]) -> None:
    with stream:
        stream.read()
