"""What `make bench` measures: how fast the service is, and where its time goes."""

import os

# Before numpy is imported: a figure is one core's work, and BLAS would take them all.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
