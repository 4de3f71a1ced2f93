using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IdentityModel.Tokens;
using System.Net;

namespace Rollover
{
    // Site is a web site that signs people in by the passive profile of WS-Federation and remembers them with a cookie.
    class Site
    {
        const string Cookie = "FedAuth";

        readonly int port;
        readonly string passive, realm;
        readonly Func<IssuerNameRegistry> registry;
        readonly ConcurrentDictionary<string, string> sessions = new ConcurrentDictionary<string, string>();

        // passive is the provider's endpoint, realm the name that it knows this site by.
        public Site(int port, string passive, string realm, Func<IssuerNameRegistry> registry)
        {
            this.port = port;
            this.passive = passive;
            this.realm = realm;
            this.registry = registry;
        }

        string Address => $"http://127.0.0.1:{port}/";

        public void Run()
        {
            Http.Serve(port, Answer);
        }

        // Answer shows what went wrong on the page and in the log. 500 is what ASP.NET answers where the module that signs
        // people in throws.
        Response Answer(Request request)
        {
            try
            {
                return Page(request);
            }
            catch (Exception e)
            {
                Console.WriteLine($"{e.GetType().FullName}: {e.Message}");
                return new Response { Status = 500, Html = $"<h1>Server error</h1><pre>{WebUtility.HtmlEncode(e.GetType().FullName + ": " + e.Message)}</pre>" };
            }
        }

        // Page is virtual for a site that has further ones.
        protected virtual Response Page(Request request)
        {
            if (request.Path == "/healthz") return new Response { Html = "up" };
            if (request.Path != "/") return new Response { Status = 404, Html = "not found" };
            if (request.Method == "POST") return SignIn(request.Form);
            if (request.Cookies.TryGetValue(Cookie, out var session) && sessions.TryGetValue(session, out var name))
                return new Response { Html = $"<p>Signed in as {WebUtility.HtmlEncode(name)}</p>" };
            return Response.Redirect($"{passive}?wa=wsignin1.0&wtrealm={Uri.EscapeDataString(realm)}" +
                $"&wctx={Uri.EscapeDataString("rm=0&id=passive&ru=%2f")}&wreply={Uri.EscapeDataString(Address)}");
        }

        Response SignIn(IDictionary<string, string> form)
        {
            if (!form.TryGetValue("wa", out var action) || action != "wsignin1.0" || !form.TryGetValue("wresult", out var wresult))
                throw new SecurityTokenException("no sign-in response");
            var assertion = Assertion.FromResponse(wresult);
            assertion.Validate(realm, DateTime.UtcNow);
            registry().GetIssuerName(new X509SecurityToken(assertion.Signer), assertion.Issuer);

            var session = Guid.NewGuid().ToString("N");
            sessions[session] = assertion.Subject;
            var response = Response.Redirect(Address);
            response.SetCookie = $"{Cookie}={session}; Path=/; HttpOnly";
            return response;
        }
    }
}
