package spec

import (
	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
)

// File is a target file, rollover.yaml: the app under test, what its team
// promises, and which scenarios it must face.
type File struct {
	APIVersion string     `json:"apiVersion" doc:"rollover/v1"`
	Target     Target     `json:"target" doc:"the app under test"`
	Issuer     FileIssuer `json:"issuer,omitzero" doc:"the issuer that the app is configured for"`
	Promise    Promise    `json:"promise,omitzero" doc:"what the team promises: strict, microsoft (default), pinned, or the members spelled out"`
	Scenarios  Selection  `json:"scenarios,omitzero" doc:"which scenarios run; default: profile core"`
}

// Target is the app under test. Exactly one of Process, Container and URL is given.
type Target struct {
	Name      string     `json:"name" doc:"what reports call it"`
	Process   *Process   `json:"process,omitempty" doc:"the app is a command that is started for each scenario"`
	Container *Container `json:"container,omitempty" doc:"the app is an image of which a container is started for each scenario"`
	URL       string     `json:"url,omitempty" doc:"the app is running already, at this URL"`
	Ready     Ready      `json:"ready,omitzero" doc:"how to see that the app has started"`
	Audience  string     `json:"audience,omitempty" doc:"aud of good tokens; default api://default"`
	Present   Carry      `json:"present,omitzero" doc:"how a credential is carried to the app"`
	Accepted  []int      `json:"accepted,omitempty" doc:"HTTP statuses that mean accepted; default [200]; of a login, only on a page that shows a name"`
	Rejected  []int      `json:"rejected,omitempty" doc:"HTTP statuses that mean rejected; default [401, 403]; of a login, so does every page below 500 without a name"`
	Clock     string     `json:"clock,omitempty" doc:"how its clock can be moved: libfaketime; left out: it cannot"`
}

// Process is how the app is started.
type Process struct {
	Command []string          `json:"command" doc:"program and arguments; relative paths start at the folder of this file"`
	Env     map[string]string `json:"env,omitempty" doc:"environment, beside what the run has; placeholders are filled in"`
}

// Container is how the app is started from an image. Exactly one of Image and
// Build is given.
type Container struct {
	Image   string            `json:"image,omitempty" doc:"the image, of the container engine or else from its registry"`
	Build   *Build            `json:"build,omitempty" doc:"what the image is built from before the run"`
	Port    int               `json:"port" doc:"port that the app listens on in the container, on all of its interfaces"`
	Command []string          `json:"command,omitempty" doc:"arguments in the place of the image's CMD"`
	Env     map[string]string `json:"env,omitempty" doc:"environment, beside what the image has; placeholders are filled in"`
	Files   map[string]string `json:"files,omitempty" doc:"files that are put into the container before it starts, by their absolute path there; relative paths here start at the folder of this file"`
}

// Build is what an image is built from.
type Build struct {
	Context    string `json:"context" doc:"folder that is sent to the container engine; relative paths start at the folder of this file"`
	Dockerfile string `json:"dockerfile,omitempty" doc:"path in the context; default Dockerfile"`
}

// Ready is how to see that the app has started.
type Ready struct {
	Path    string         `json:"path,omitempty" doc:"path that answers 2xx once the app is ready; left out: any answer on its port will do"`
	Timeout clock.Duration `json:"timeout,omitempty" doc:"how long that may take; default 30s"`
}

// Carry is how a credential is carried to the app.
type Carry struct {
	As      string         `json:"as,omitempty" doc:"bearer (default): in the Authorization header; oidc-login, wsfed-login, saml-login: by a browser that signs in, over OpenID Connect, WS-Federation or SAML 2.0"`
	Path    string         `json:"path,omitempty" doc:"path that demands a credential; of a login, the page that sends people to the issuer and shows their name afterwards; default /"`
	Reply   string         `json:"reply,omitempty" doc:"of a login: path of the app's registered reply address, for apps that send none"`
	Start   string         `json:"start,omitempty" doc:"where a login begins: app (default), or issuer: nobody has asked for it (wsfed-login and saml-login; needs reply)"`
	Timeout clock.Duration `json:"timeout,omitempty" doc:"how long an answer, or a whole login, may take; default 30s"`
}

// Login reports whether people sign in to the app, and not programs.
func (c Carry) Login() bool { return c.As != "" && c.As != "bearer" }

// Federated reports whether the app is shown assertions of SAML.
func (c Carry) Federated() bool { return c.As == "wsfed-login" || c.As == "saml-login" }

// FileIssuer is the issuer that the app is configured for.
type FileIssuer struct {
	Profile string          `json:"profile,omitempty" doc:"generic (default), entra or adfs"`
	TLS     bool            `json:"tls,omitempty" doc:"it speaks https, with a certificate of an authority that is made for the run: ${ca} is the file with that"`
	SAML    credential.SAML `json:"saml,omitzero" doc:"what the issuer's administrator chose for the app: how its assertions are signed and written (wsfed-login and saml-login); a step may say otherwise"`
}

// DefaultProfile is the profile that runs where nothing is chosen.
const DefaultProfile = "core"

// Selection says which scenarios run. A profile is exactly one: core does not
// bring the forgeries along; include adds them one by one (H1), and a second
// run takes another profile.
type Selection struct {
	Profile string   `json:"profile,omitempty" doc:"all scenarios of this profile; default core, unless include is given"`
	Include []string `json:"include,omitempty" doc:"ids or files; alone they are all that runs, with profile they come on top"`
	Exclude []string `json:"exclude,omitempty" doc:"ids that do not run; comes last"`
}

// Placeholders lists what may stand as ${name} in env, command and ready.
func Placeholders() []string {
	return []string{
		"issuer", "metadata", "jwks", "federationMetadata", "samlMetadata", "entityID", "wsfed", "saml2",
		"thumbprint", "thumbprints", "certificate", "certificates", "audience", "port", "url", "ca",
	}
}
