"""Uploads a file with tuspy: URL, TOKEN, PATH, CHUNK, STOP (bytes after which it gives up; 0 for never), RESUME (URL).

Prints the upload's URL and how far it came.
"""

import sys

from tusclient import client

url, token, path, chunk, stop, resume = sys.argv[1:]
tus = client.TusClient(url, headers={"Authorization": f"Bearer {token}"})
uploader = tus.uploader(path, chunk_size=int(chunk), url=resume or None, upload_checksum=True,
                        metadata={"filename": "film.mp4", "description": "A film"})
uploader.upload(stop_at=int(stop) or None)
print(uploader.url, uploader.offset)
