"""An ordinary Flask app behind python3-saml 1.16.0, put together as in its README and its Flask demo. Its defaults: the
identity provider's metadata is parsed once, at start, without a look at its signature; every signing certificate in it is
kept (x509certMulti where there is more than one); an unsigned message is refused; no drift beyond 300 s. What the README
says of a refused sign-in is a page with its errors, with 200.

CERTIFICATES puts what an administrator pinned in the place of the metadata; REFRESH (seconds) parses the metadata again
when it is older than that, which is left to the app by the library."""

import logging
import os
import sys
import time

from flask import Flask, redirect, request, session
from markupsafe import escape
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser as Parser

PORT, AUDIENCE, REFRESH = os.environ["PORT"], os.environ["AUDIENCE"], float(os.environ.get("REFRESH", "inf"))
SERVICE_PROVIDER = {
    "strict": True,
    "sp": {
        "entityId": AUDIENCE,
        "assertionConsumerService": {"url": f"http://127.0.0.1:{PORT}/acs"},
    },
}


def pinned():
    """What somebody copied by hand: name, address and certificates."""
    return {
        "idp": {
            "entityId": os.environ["ENTITY_ID"],
            "singleSignOnService": {"url": os.environ["SAML2"]},
            "x509certMulti": {"signing": os.environ["CERTIFICATES"].split(",")},
        }
    }


def settings():
    identity_provider = pinned() if "CERTIFICATES" in os.environ else Parser.parse_remote(os.environ["METADATA"])
    return Parser.merge_settings(SERVICE_PROVIDER, identity_provider)


class Settings:
    """The settings, read at start; again when they are older than REFRESH. What cannot be read leaves the former ones."""

    def __init__(self):
        self.value, self.read_at = settings(), time.monotonic()

    def now(self):
        if time.monotonic() - self.read_at > REFRESH:
            self.read_at = time.monotonic()
            try:
                self.value = settings()
            except Exception as err:
                print(f"metadata: {type(err).__name__}: {err}", file=sys.stderr, flush=True)
        return self.value


app = Flask(__name__)
app.secret_key = os.urandom(16)
logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no access log: stderr is for the library's own words
configured = Settings()


def saml():
    return OneLogin_Saml2_Auth(
        {
            "https": "off",
            "http_host": request.host,
            "script_name": request.path,
            "get_data": request.args.copy(),
            "post_data": request.form.copy(),
        },
        configured.now(),
    )


@app.get("/healthz")
def health():
    return "up"


@app.get("/")
def home():
    if "name" in session:
        return f"<p>Signed in as {escape(session['name'])}</p>"
    auth = saml()
    address = auth.login(f"http://127.0.0.1:{PORT}/")
    session["request"] = auth.get_last_request_id()
    return redirect(address)


@app.post("/acs")
def assertion_consumer_service():
    auth = saml()
    auth.process_response(request_id=session.get("request"))
    errors = auth.get_errors()
    if errors or not auth.is_authenticated():
        said = f"{', '.join(errors)} {auth.get_last_error_reason()}"
        print(said, file=sys.stderr, flush=True)
        return f"<p>Error when processing SAML Response: {escape(said)}</p>"
    session["name"] = auth.get_nameid()
    return redirect("/")


app.run(host="127.0.0.1", port=int(PORT))
