using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IdentityModel.Tokens;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Threading;

namespace Rollover
{
    // Site is a web site that signs people in by the passive profile of WS-Federation and remembers them with a cookie.
    class Site
    {
        const string Cookie = "FedAuth";
        const int Largest = 1 << 20; // bytes of a form

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
            var listener = new HttpListener();
            listener.Prefixes.Add(Address);
            listener.Start();
            for (;;)
            {
                var context = listener.GetContext();
                ThreadPool.QueueUserWorkItem(_ => Answer(context));
            }
        }

        // Answer shows what went wrong on the page and in the log. 500 is what ASP.NET answers where the module that signs
        // people in throws.
        void Answer(HttpListenerContext context)
        {
            try
            {
                Serve(context);
            }
            catch (Exception e)
            {
                Console.WriteLine($"{e.GetType().FullName}: {e.Message}");
                Try(() => Write(context, 500, $"<h1>Server error</h1><pre>{WebUtility.HtmlEncode(e.GetType().FullName + ": " + e.Message)}</pre>"));
            }
        }

        static void Try(Action write)
        {
            try { write(); } catch (Exception e) { Console.WriteLine($"answer: {e.Message}"); }
        }

        void Serve(HttpListenerContext context)
        {
            var path = context.Request.Url.AbsolutePath;
            if (path == "/healthz") { Write(context, 200, "up"); return; }
            if (Other(context, path)) return;
            if (path != "/") { Write(context, 404, "not found"); return; }
            if (context.Request.HttpMethod == "POST") { SignIn(context, Form(context)); return; }

            var session = context.Request.Cookies[Cookie]?.Value;
            if (session != null && sessions.TryGetValue(session, out var name))
            {
                Write(context, 200, $"<p>Signed in as {WebUtility.HtmlEncode(name)}</p>");
                return;
            }
            context.Response.Redirect($"{passive}?wa=wsignin1.0&wtrealm={Uri.EscapeDataString(realm)}" +
                $"&wctx={Uri.EscapeDataString("rm=0&id=passive&ru=%2f")}&wreply={Uri.EscapeDataString(Address)}");
            context.Response.Close();
        }

        // Other serves further pages of a site that has some.
        protected virtual bool Other(HttpListenerContext context, string path)
        {
            return false;
        }

        void SignIn(HttpListenerContext context, IDictionary<string, string> form)
        {
            if (!form.TryGetValue("wa", out var action) || action != "wsignin1.0" || !form.TryGetValue("wresult", out var wresult))
                throw new SecurityTokenException("no sign-in response");
            var assertion = Assertion.FromResponse(wresult);
            assertion.Validate(realm, DateTime.UtcNow);
            registry().GetIssuerName(new X509SecurityToken(assertion.Signer), assertion.Issuer);

            var session = Guid.NewGuid().ToString("N");
            sessions[session] = assertion.Subject;
            context.Response.AppendHeader("Set-Cookie", $"{Cookie}={session}; Path=/; HttpOnly");
            context.Response.Redirect(Address);
            context.Response.Close();
        }

        protected static IDictionary<string, string> Form(HttpListenerContext context)
        {
            if (context.Request.ContentLength64 < 0 || context.Request.ContentLength64 > Largest)
                throw new InvalidOperationException("the form is too large or of unknown length");
            var body = new StreamReader(context.Request.InputStream, Encoding.UTF8).ReadToEnd();
            return body.Split('&').Select(pair => pair.Split(new[] { '=' }, 2)).GroupBy(pair => WebUtility.UrlDecode(pair[0]))
                .ToDictionary(g => g.Key, g => WebUtility.UrlDecode(g.First().Length > 1 ? g.First()[1] : ""));
        }

        protected static void Write(HttpListenerContext context, int status, string html)
        {
            var body = Encoding.UTF8.GetBytes(html);
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/html; charset=utf-8";
            context.Response.ContentLength64 = body.Length;
            context.Response.OutputStream.Write(body, 0, body.Length);
            context.Response.Close();
        }
    }
}
