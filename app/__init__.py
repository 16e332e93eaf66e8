"""Viewer Desk 观众服务台: the service desk for viewers of films, series and streams."""

import os

# The matcher's matrices have some fifty rows: sharing one among threads costs ten times what it saves, and the
# processes of a service share the cores already. Read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
