"""An OpenID provider for tests: real HTTP on the loopback, its own keys, and it lies on demand."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import msgspec
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

KEY, OTHER = RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "one"})
CLIENT, SECRET = "aiops", "s3cret of the client"  # pragma: allowlist secret


class TestIssuer:
    """What it says and signs; change it before the browser comes back."""

    __test__ = False

    def __init__(self, url: str, now: float) -> None:
        self.url, self.now = url, now
        self.key: RSAKey | OctKey | None = KEY
        self.algorithm = "RS256"
        self.published = [KEY]
        self.claims: dict[str, object] = {}  # over the honest ones; None: left out
        self.description: dict[str, object] = {}
        self.padding = 0  # bytes that make its keys large
        self.moved: dict[str, str] = {}  # path -> where it redirects to
        self.asked: dict[str, str] = {}  # of the browser
        self.requests: list[str] = []
        self.secrets: list[str] = []  # Authorization headers

    def page(self, address: str) -> str:
        """Be the browser at its sign-in page; return the code it leaves with."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        return "the-code"

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, object]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "scopes_supported": ["openid"],
                **self.description,
            }
        if path == "/keys":
            return 200, {**KeySet(list(self.published)).as_dict(), "padding": "x" * self.padding}
        if path == "/token":
            return self._token(form)
        return 404, {}

    def _token(self, form: dict[str, str]) -> tuple[int, object]:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if form.get("code") != "the-code" or challenge != self.asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "u-17",
            "preferred_username": "ana",
            "exp": int(self.now) + 300,
            "iat": int(self.now),
            "nonce": self.asked["nonce"],
            "groups": ["oncall"],
            **self.claims,
        }
        return 200, {"access_token": "at-not-used", "token_type": "Bearer", "id_token": self.signed(claims)}

    def signed(self, claims: dict[str, object]) -> str:
        said = {name: value for name, value in claims.items() if value is not None}
        if self.key is None:
            parts = [msgspec.json.encode({"alg": "none", "typ": "JWT"}), msgspec.json.encode(said)]
            return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."
        return jwt.encode({"alg": self.algorithm, "kid": self.key.kid}, said, self.key, [self.algorithm])


@contextmanager
def running(now: float) -> Iterator[TestIssuer]:
    """Serve one while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            issuer.secrets.append(self.headers.get("authorization", ""))
            self._send({name: values[0] for name, values in parse_qs(body).items()})

        def _send(self, form: dict[str, str]) -> None:
            issuer.requests.append(self.path)
            to = issuer.moved.get(self.path)
            status, answer = (302, {}) if to else issuer.answer(self.path, form)
            body = msgspec.json.encode(answer)
            self.send_response(status)
            if to:
                self.send_header("location", to)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = TestIssuer(f"http://127.0.0.1:{server.server_port}", now)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield issuer
        server.shutdown()
        thread.join(5)
