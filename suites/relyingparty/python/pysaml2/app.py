"""An ordinary Flask app behind pysaml2 7.5.5, put together as in its documentation and its example service provider.
Its defaults: remote metadata is loaded once, at start; a response has to be signed (want_response_signed), an assertion
need not be; a response that nobody asked for is refused; signatures are checked by the program xmlsec1 with the
certificates of the metadata alone. A refused sign-in is an exception, which the example answers with 500.

SIGNED=assertion asks for signed assertions instead of responses, as Entra sends them unless told otherwise. FRESHNESS (an
XML Schema duration; 12 h by default) takes the metadata by MDQ, the one source with a refresh built in: the app passes the
question on to the issuer, which does not speak it. METADATA_CERT is a certificate that the metadata has to be signed with.
REFRESH (seconds) calls the library's reload_metadata when the metadata is older than that."""

import logging
import os
import sys
import time

import requests
from flask import Flask, redirect, request, session
from markupsafe import escape
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import Config

PORT, AUDIENCE, REFRESH = os.environ["PORT"], os.environ["AUDIENCE"], float(os.environ.get("REFRESH", "inf"))
ENTITY_ID = os.environ["ENTITY_ID"]


def certificate():
    """The pinned certificate as the file that the library wants: one that is gone with this process."""
    fd = os.memfd_create("metadata.pem")
    os.write(fd, f"-----BEGIN CERTIFICATE-----\n{os.environ['METADATA_CERT']}\n-----END CERTIFICATE-----\n".encode())
    return f"/proc/{os.getpid()}/fd/{fd}"


def metadata():
    if "FRESHNESS" in os.environ:
        return {"mdq": [{"url": f"http://127.0.0.1:{PORT}", "freshness_period": os.environ["FRESHNESS"]}]}
    source = {"url": os.environ["METADATA"]}
    if "METADATA_CERT" in os.environ:
        source["cert"] = certificate()
    return {"remote": [source]}


SOURCES = metadata()
assertion_only = os.environ.get("SIGNED") == "assertion"
service = {"endpoints": {"assertion_consumer_service": [(f"http://127.0.0.1:{PORT}/acs", BINDING_HTTP_POST)]}}
if assertion_only:
    service |= {"want_response_signed": False, "want_assertions_signed": True}

logging.basicConfig(level=logging.WARNING)
logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no access log: stderr is for the library's own words
client = Saml2Client(Config().load({"entityid": AUDIENCE, "service": {"sp": service}, "metadata": SOURCES}))
read_at = time.monotonic()
outstanding = {}

app = Flask(__name__)
app.secret_key = os.urandom(16)


@app.before_request
def refresh():
    global read_at
    if time.monotonic() - read_at > REFRESH:
        read_at = time.monotonic()
        client.reload_metadata(SOURCES)


@app.get("/healthz")
def health():
    return "up"


@app.get("/entities/<path:entity>")
def mdq(entity):
    answer = requests.get(os.environ["METADATA"], timeout=10)
    return answer.content, answer.status_code, {"Content-Type": "application/samlmetadata+xml"}


@app.get("/")
def home():
    if "name" in session:
        return f"<p>Signed in as {escape(session['name'])}</p>"
    request_id, message = client.prepare_for_authenticate(entityid=ENTITY_ID, relay_state="/", binding=BINDING_HTTP_REDIRECT)
    outstanding[request_id] = "/"
    return redirect(dict(message["headers"])["Location"])


@app.post("/acs")
def assertion_consumer_service():
    try:
        response = client.parse_authn_request_response(request.form["SAMLResponse"], BINDING_HTTP_POST, outstanding)
    except Exception as err:
        print(f"{type(err).__name__}: {err}", file=sys.stderr, flush=True)
        return f"<p>Other error: {escape(err)}</p>", 500
    session["name"] = response.name_id.text
    return redirect("/")


app.run(host="127.0.0.1", port=int(PORT))
