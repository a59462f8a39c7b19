// Draws head.glb as the output `ws` of ExpNet Live says: the 52 blendshapes, the head's rotation and the gaze.
// The address of the output can follow the page's: http://localhost:8000/?ws=ws://127.0.0.1:8765
import * as THREE from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

const address = new URLSearchParams(location.search).get("ws") ?? "ws://127.0.0.1:8765";
const state = document.getElementById("state");

const renderer = new THREE.WebGLRenderer({ antialias: true });
document.body.append(renderer.domElement);
const scene = new THREE.Scene();
scene.background = new THREE.Color("#1d2126");
scene.add(new THREE.HemisphereLight("#ffffff", "#5a5048", 2.2));
const sun = new THREE.DirectionalLight("#ffffff", 2.0);
sun.position.set(0.5, 0.8, 1);
scene.add(sun);
const camera = new THREE.PerspectiveCamera(25, 1, 0.05, 10);

function resize() {
  renderer.setPixelRatio(devicePixelRatio);
  renderer.setSize(innerWidth, innerHeight);
  camera.aspect = innerWidth / innerHeight;
  camera.updateProjectionMatrix();
}
addEventListener("resize", resize);
resize();

const { scene: model } = await new GLTFLoader().loadAsync("head.glb");
const head = new THREE.Group(); // turns as a whole; the file's own animation is not played
head.add(model);
scene.add(head);
const meshes = [];
model.traverse((node) => {
  if (node.morphTargetDictionary) meshes.push(node);
});
const eyes = ["eyeRight", "eyeLeft"].map((name) => model.getObjectByName(name));

const box = new THREE.Box3().setFromObject(model);
const centre = box.getCenter(new THREE.Vector3());
const size = box.getSize(new THREE.Vector3());
camera.position.set(centre.x, centre.y, centre.z + 2.4 * Math.max(size.y, size.x / camera.aspect));
camera.lookAt(centre);

// In ExpNet Live's frame and in three.js alike, x is the viewer's right, y is up, and z points to the viewer.
const axis = new THREE.Vector3();
function show(frame) {
  if (!frame.seen) return;
  for (const mesh of meshes) {
    for (const [name, weight] of Object.entries(frame.blendshapes)) {
      const target = mesh.morphTargetDictionary[name];
      if (target !== undefined) mesh.morphTargetInfluences[target] = weight;
    }
  }
  axis.fromArray(frame.rotation);
  const angle = axis.length();
  head.quaternion.setFromAxisAngle(angle > 0 ? axis.divideScalar(angle) : axis.set(0, 1, 0), angle);
  frame.gaze.forEach(([yaw, pitch], i) => eyes[i]?.rotation.set(-pitch, yaw, 0, "YXZ"));
}

let newest = null;
let frames = 0;
function connect() {
  const socket = new WebSocket(address);
  socket.onopen = () => { state.textContent = "Connected. Waiting for a face…"; };
  socket.onmessage = (event) => {
    newest = JSON.parse(event.data);
    frames += 1;
    state.textContent = newest.seen ? "" : "No face in view";
  };
  socket.onclose = () => {
    state.textContent = `Nothing answers at ${address}. Switch on the output WebSocket in ExpNet Live.`;
    setTimeout(connect, 1000);
  };
}
connect();

renderer.setAnimationLoop(() => {
  if (newest) show(newest);
  newest = null;
  renderer.render(scene, camera);
});

window.page = { head, meshes, eyes, frames: () => frames }; // for the browser's console, and for tests
