"""Who may do the work: a cluster elsewhere has to know itself by certificates."""

from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path

import dask
import distributed
import pytest
from social_nav_core.__main__ import main
from social_nav_core.evaluation import workers
from social_nav_core.evaluation.workers import WorkersError, dask_cluster, trusted

WORLDS = Path(__file__).parents[4] / "worlds"
SIDES = ("client", "scheduler", "worker")


@pytest.mark.parametrize(
    "address",
    [
        *("tcp://127.0.0.1:8786", "127.0.0.1:8786", "localhost:8786", "tcp://localhost:8786"),
        *(
            "tcp://[::1]:8786",
            "tcp://127.3.2.1:1",
            "inproc://10.0.0.1/1/2",
            "tls://far.example:8786",
        ),
        *("wss://far.example:443", "tls://10.0.0.1:8786"),
    ],
)
def test_this_machine_and_certificates_are_trusted(address: str) -> None:
    assert trusted(address)


@pytest.mark.parametrize(
    "address",
    [
        *("tcp://10.0.0.1:8786", "10.0.0.1:8786", "far.example:8786", "tcp://far.example:8786"),
        *("ws://far.example:80", "ucx://10.0.0.1:8786", "tcp://localhost.far.example:8786"),
        *("tcp://127.0.0.1@far.example:8786", "tcp://[fe80::1]:8786", "TCP://10.0.0.1:1"),
        *("tcp://0.0.0.0:8786", "tcp://:8786"),
    ],
)
def test_others_are_refused_before_anything_is_sent(
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def connect(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(distributed, "Client", connect)
    expected = r"without TLS.*use tls://.*docs/security\.md"
    with pytest.raises(WorkersError, match=expected) as error, dask_cluster(address):
        pass
    assert "\n" not in str(error.value)
    command = ["evaluate", "--worlds", str(WORLDS), "--out", str(tmp_path), "--scheduler", address]
    assert main(command) == 2
    assert "without TLS" in capsys.readouterr().err


def certificate(folder: Path, name: str) -> dict[str, str]:
    """Paths of a certificate that signs itself, and of its key."""
    key, cert = folder / f"{name}.key", folder / f"{name}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
    command += ["ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=test"]
    command += ["-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return {"key": str(key), "cert": str(cert)}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, for certificates, is missing")
def test_a_cluster_with_certificates_does_the_work_and_one_with_others_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "CONNECTING", 10.0)
    ours, theirs = certificate(tmp_path, "ours"), certificate(tmp_path, "theirs")

    def settings(own: dict[str, str], ca: dict[str, str]) -> dict[str, object]:
        prefix = "distributed.comm.tls"
        sides = {f"{prefix}.{side}.{k}": v for side in SIDES for k, v in own.items()}
        return {
            f"{prefix}.ca-file": ca["cert"],
            "distributed.comm.require-encryption": True,
            **sides,
        }

    with dask.config.set(settings(ours, ours)):
        security = distributed.Security()
        with distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=False,
            protocol="tls",
            security=security,
            dashboard_address=None,
        ) as cluster:
            with dask_cluster(cluster.scheduler_address) as do:
                assert list(do(math.hypot, [(3.0, 4.0)])) == [5.0]
            monkeypatch.setattr(workers, "CONNECTING", 1.0)
            with (
                dask.config.set(settings(theirs, theirs)),
                pytest.raises(WorkersError),
                dask_cluster(cluster.scheduler_address),
            ):
                pass
