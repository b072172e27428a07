"""A loopback HTTPS server that speaks the part of the Kubernetes API that a restart needs.

Each look at an object lets its controller take one step, so that waiting is exercised and no time
passes. It insists on the bearer token, the content type of a patch and the condition of a deletion.
"""

from __future__ import annotations

import datetime
import ipaddress
import itertools
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TOKEN = "hidden-token"
_PLURALS = {"deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet"}
_WORKLOAD = re.compile(r"/apis/apps/v1/namespaces/([^/]+)/(\w+)/([^/]+)")
_POD = re.compile(r"/api/v1/namespaces/([^/]+)/pods(?:/([^/]+))?")

Answer = tuple[int, dict[str, Any]]


@dataclass
class Cluster:
    """What the server holds. `errors` are answered first; `is_stuck` stops the controllers."""

    folder: Path
    url: str = ""
    errors: list[int] = field(default_factory=list)
    is_stuck: bool = False
    hangs: threading.Event = field(default_factory=threading.Event)
    requests: list[str] = field(default_factory=list)
    workloads: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def add_workload(self, plural: str, name: str, replicas: int = 2) -> dict[str, Any]:
        metadata = {"name": name, "namespace": "shop", "generation": 1}
        workload = {
            "apiVersion": "apps/v1",
            "kind": _PLURALS[plural],
            "metadata": metadata,
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": name}},
                "serviceName": name,
                "template": {"metadata": {"labels": {"app": name}}},
            },
            "status": {},
        }
        if plural == "daemonsets":
            del workload["spec"]["replicas"]  # type: ignore[attr-defined]
        self.workloads["shop", plural, name] = workload
        self._step(plural, workload, replicas, updated=replicas)
        return workload

    def add_pod(self, *, is_ready: bool = True) -> str:
        number = next(self._numbers)
        condition = {"type": "Ready", "status": "True" if is_ready else "False"}
        self.pods[f"web-{number}"] = {
            "metadata": {"name": f"web-{number}", "uid": f"uid-{number}", "namespace": "shop"},
            "spec": {"containers": [{"name": "web"}]},
            "status": {"conditions": [condition]},
        }
        return f"web-{number}"

    def kubeconfig(self, token: str = TOKEN) -> Path:
        path = self.folder / "kubeconfig.json"
        cluster = {"server": self.url, "certificate-authority": str(self.folder / "ca.pem")}
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "tests",
                    "clusters": [{"name": "tests", "cluster": cluster}],
                    "users": [{"name": "bridge", "user": {"token": token}}],
                    "contexts": [
                        {"name": "tests", "context": {"cluster": "tests", "user": "bridge"}}
                    ],
                }
            )
        )
        return path

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> Answer:
        """The answer to one request."""
        self.requests.append(f"{method} {target}")
        self.hangs.wait(30)
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if (scheme.lower(), token) != ("bearer", TOKEN):
            return _error(401, "Unauthorized")
        if self.errors:
            return _error(self.errors.pop(0), "password=hidden-2 was wrong")
        parts = urlsplit(target)
        if found := _WORKLOAD.fullmatch(parts.path):
            return self._workload(method, found, headers, body)
        if found := _POD.fullmatch(parts.path):
            return self._pod(method, found[2], parse_qs(parts.query), body)
        return _error(404, "the server could not find the requested resource")

    def _workload(self, method: str, found: re.Match[str], headers: Any, body: bytes) -> Answer:
        workload = self.workloads.get((found[1], found[2], found[3]))
        if workload is None:
            return _error(404, f'{found[2]}.apps "{found[3]}" not found')
        if method == "PATCH":
            if headers["Content-Type"] not in (
                "application/merge-patch+json",
                "application/strategic-merge-patch+json",
            ):
                return _error(415, "unsupported media type")
            patch = json.loads(body)["spec"]["template"]["metadata"]["annotations"]
            template = workload["spec"]["template"]["metadata"]
            if template.get("annotations") != patch:
                template["annotations"] = patch
                workload["metadata"]["generation"] += 1
        elif not self.is_stuck:
            self._let_controller_work(found[2], workload)
        return 200, workload

    def _let_controller_work(self, plural: str, workload: dict[str, Any]) -> None:
        replicas = workload["spec"].get("replicas", 2)
        status = workload["status"]
        updated = status.get("updatedReplicas", status.get("updatedNumberScheduled", 0))
        if status["observedGeneration"] < workload["metadata"]["generation"]:
            self._step(plural, workload, replicas, updated=0)
        elif updated < replicas:
            self._step(plural, workload, replicas, updated=updated + 1)

    def _step(self, plural: str, workload: dict[str, Any], replicas: int, *, updated: int) -> None:
        is_done = updated == replicas
        counts = {
            "observedGeneration": workload["metadata"]["generation"],
            "replicas": replicas if is_done else replicas + 1,
            "updatedReplicas": updated,
            "availableReplicas": replicas,
        }
        if plural == "daemonsets":
            counts = {
                "observedGeneration": workload["metadata"]["generation"],
                "desiredNumberScheduled": replicas,
                "currentNumberScheduled": replicas,
                "numberMisscheduled": 0,
                "numberReady": replicas,
                "updatedNumberScheduled": updated,
                "numberAvailable": replicas,
            }
        workload["status"] = counts

    def _pod(
        self, method: str, name: str | None, query: dict[str, list[str]], body: bytes
    ) -> Answer:
        if method == "DELETE" and name:
            pod = self.pods.get(name)
            if pod is None:
                return _error(404, "gone")
            if json.loads(body)["preconditions"]["uid"] != pod["metadata"]["uid"]:
                return _error(409, "another uid")
            del self.pods[name]
            self.add_pod(is_ready=False)
            return 200, pod
        found = list(self.pods.values()) if query["labelSelector"] == ["app=web"] else []
        answer = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": found}
        answer = json.loads(json.dumps(answer))
        if not self.is_stuck:
            for pod in self.pods.values():
                pod["status"]["conditions"][0]["status"] = "True"
        return 200, answer


def _error(code: int, message: str) -> Answer:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
    return code, {**status, "message": message, "code": code}


@contextmanager
def serve(folder: Path) -> Iterator[Cluster]:
    """Run a server with certificates of its own, made in `folder`."""
    cluster = Cluster(folder)
    cluster.hangs.set()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with lock:
                code, content = cluster.answer(self.command, self.path, self.headers, body)
            raw = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_PATCH = do_DELETE = _serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _make_certificates(folder)
    context.load_cert_chain(folder / "server.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    cluster.url = f"https://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield cluster
    finally:
        cluster.hangs.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _make_certificates(folder: Path) -> None:
    """A CA (ca.pem) and a certificate for 127.0.0.1 signed by it (server.pem, with its key)."""
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate("tests' authority", authority_key, None, authority_key)
    server = _certificate("127.0.0.1", server_key, authority, authority_key)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(authority.public_bytes(pem))
    key = server_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(server.public_bytes(pem) + key)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    is_authority = issuer is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_authority,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=is_authority,
                crl_sign=is_authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if not is_authority:
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
