"""An ordinary API on the standard library's ThreadingHTTPServer that checks bearer tokens with PyJWT 2.15.1's
PyJWKClient, given the key set's URL and nothing else. Its defaults: the key set is fetched on the first token and kept
for 300 s (lifespan); an unknown kid fetches it again inside the request, unless the last fetch is less than 30 s old
(cooldown_duration); a fetch is given up on after 30 s; a set that could not be fetched leaves the former one in place
until it expires; no leeway. PyJWT has no default algorithm: RS256 is named, as in its documentation."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

AUTHORITY, AUDIENCE = os.environ["AUTHORITY"], os.environ["AUDIENCE"]
keys = jwt.PyJWKClient(os.environ["JWKS_URI"])


def subject(token):
    key = keys.get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=AUTHORITY).get("sub")


class API(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/healthz":
            return self.answer(200, {"status": "up"})
        if self.path != "/api":
            return self.answer(404, {"error": "not found"})
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return self.answer(401, {"error": "no bearer token"})
        try:
            self.answer(200, {"sub": subject(token)})
        except jwt.PyJWTError as err:
            self.refuse(401, err)
        except Exception as err:  # what the library does not call its own stays a server error, as in any framework
            self.refuse(500, err)

    def refuse(self, status, err):
        print(f"{type(err).__name__}: {err}", file=sys.stderr, flush=True)
        self.answer(status, {"error": type(err).__name__})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *args):
        """No access log: stderr is for the library's own words."""


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), API).serve_forever()
