"""Archives: many photos and videos, read on a Dask cluster into one Parquet data set.

From the bottom: `inputs` lists them, `settings` says how they are read, `tasks` reads a part of one on a worker,
`manifest` keeps what is done, `run` hands the tasks out.
"""
