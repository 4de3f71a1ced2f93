package oracle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// aspnet is what the console logger of ASP.NET Core 3.1 writes of a rejected
// token: one message over several lines, from a thread of its own.
var aspnet = []string{
	"info: Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler[1]",
	"      Failed to validate the token.",
	"      Microsoft.IdentityModel.Tokens.SecurityTokenSignatureKeyNotFoundException: IDX10501: Signature validation failed. Unable to match key: ",
	"      kid: 'kid-new'.",
	"      Exceptions caught:",
	"       ''. ",
	"         at System.IdentityModel.Tokens.Jwt.JwtSecurityTokenHandler.ValidateSignature(String token, TokenValidationParameters validationParameters)",
	"info: Microsoft.AspNetCore.Authorization.DefaultAuthorizationService[2]",
	"      Authorization failed.",
}

const challenge = `WWW-Authenticate: Bearer error="invalid_token", error_description="The signature key was not found"`

func TestWords(t *testing.T) {
	start := func(detail string) *tale {
		return book(plan(newKey), recovery(time.Minute)).at(1).rollover("new").at(3).present("new", rejected, saying(detail))
	}
	for _, test := range []struct {
		name string
		tale *tale
		code string
		says string // of the finding, between "with 401" and the semicolon
	}{
		{"nothing", start(""), "", ""},
		{"ASP.NET Core over several lines", start(challenge).at(3.2).log(aspnet...), "IDX10501",
			" (IDX10501: Signature validation failed. Unable to match key: kid: 'kid-new'. Exceptions caught: ''.)"},
		{"a moment later", start(challenge).at(4.99).log(aspnet...), "IDX10501", " (IDX10501: Signature validation failed. Unable to match key: kid: 'kid-new'. Exceptions caught: ''.)"},
		{"too late to be about it", start(challenge).at(5.01).log(aspnet...), "", " (" + challenge + ")"},
		{"before it was sent", book(plan(newKey), recovery(time.Minute)).at(1).rollover("new").at(2.5).log(aspnet...).at(3).present("new", rejected, saying(challenge)), "", " (" + challenge + ")"},
		{"while it was answered", book(plan(newKey), recovery(time.Minute)).at(1).rollover("new").at(2.5).log("IDX10503: no").at(3).present("new", rejected, lasting(time.Second)), "IDX10503", " (IDX10503: no)"},
		{"the answer alone", start(challenge), "", " (" + challenge + ")"},
		{"a code in the answer's body", start("401 Unauthorized IDX10511: Signature validation failed."), "IDX10511", " (IDX10511: Signature validation failed.)"},
		{"a code of a rollover before others of the log", start("").log("IDX10205: Issuer validation failed.", "IDX20803: Unable to obtain configuration", "IDX10503: no key", "IDX10214: audience"), "IDX10503", " (IDX10503: no key)"},
		{"others in one line", start("").log("IDX20803: Unable to obtain configuration, IDX10500: no keys"), "IDX10500", " (IDX10500: no keys)"},
		{"a rollover's code in the log before another in the answer", start("IDX10214: audience").log("IDX10500: no keys"), "IDX10500", " (IDX10500: no keys)"},
		{"another in the answer before plain words", start("IDX10214: audience").log("no key for this kid"), "IDX10214", " (IDX10214: audience)"},
		{"the line that names the token's kid", start("").log("IDX10503: kid 'kid-other'", "IDX10511: kid 'kid-new'"), "IDX10511", " (IDX10511: kid 'kid-new')"},
		{"the answer before a line that may be about another token", start("IDX10511: it is this").log("IDX10503: it is that"), "IDX10511", " (IDX10511: it is this)"},
		{"WIF", start("WIF10201: No valid key mapping found for securityToken"), "WIF10201", " (WIF10201: No valid key mapping found for securityToken)"},
		{"WIF 3.5", start("ID4175: The issuer of the security token was not recognized"), "ID4175", " (ID4175: The issuer of the security token was not recognized)"},
		{"jose", start("").log("ERR_JWKS_NO_MATCHING_KEY: no applicable key found in the JSON Web Key Set"), "ERR_JWKS_NO_MATCHING_KEY", " (ERR_JWKS_NO_MATCHING_KEY: no applicable key found in the JSON Web Key Set)"},
		{"a number that is no code", start("").log("XIDX105011 of VOID4175x"), "", ""},
		{"words about keys before words about anything", start("unauthorized").log("token refused", "unable to find a signing key"), "", " (unable to find a signing key)"},
		{"the answer about keys before a line about anything", start("unknown kid").log("GET /api unauthorized"), "", " (unknown kid)"},
		{"the message and not the frames of a stack trace", start("").log("Error: it does not fit (configured: A)",
			"    at SAML.validateSignature (/app/saml.js:122:23)", `  File "/app/keys.py", line 7, in find_key`), "", " (Error: it does not fit (configured: A))"},
		{"any answer", start("go away"), "", " (go away)"},
		{"the harness's notes are not the app's", start("").add(timeline.Harness, timeline.Note{Text: "IDX10501: not the app's"}), "", ""},
		{"a long text", start("").log("IDX10501: " + strings.Repeat("é", 200)), "IDX10501", " (IDX10501: " + strings.Repeat("é", 75) + "...)"},
		{"a message that was refused", start("").log("WARNING: received invalid saml response: <samlp:Response ID=\"_1\"><Signature>" + strings.Repeat("x", 300) + "</Signature></samlp:Response> (now: noon) cannot validate signature"), "",
			" (WARNING: received invalid saml response: <samlp:Response>... (now: noon) cannot validate signature)"},
		{"a message that is cut off", start("").log("invalid signature: <samlp:Response ID=\"_1\">" + strings.Repeat("x", 300)), "",
			" (invalid signature: <samlp:Response ID=\"_1\">" + strings.Repeat("x", 160-43) + "...)"},
		{"a little of it", start("").log("invalid signature of <a>b</a> here"), "", " (invalid signature of <a>b</a> here)"},
		{"stack traces stay out", start("").log("  IDX10501: no", "     at Some.Method()", "  other"), "IDX10501", " (IDX10501: no)"},
		{"lines that are not indented stand alone", start("").log("IDX10501: no", "other"), "IDX10501", " (IDX10501: no)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := judge(t, test.tale.at(9).present("new", accepted).end())
			if d := v.Diagnosis; len(d) != 1 || d[0].Code != test.code {
				t.Errorf("diagnosis %+v, want code %q", d, test.code)
			}
			if want := "the first with 401" + test.says + "; accepted again"; !strings.Contains(texts(v), want) {
				t.Errorf("%q is not in\n%s", want, texts(v))
			}
		})
	}
}
