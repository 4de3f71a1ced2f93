// A claims-aware web site as Windows Identity Foundation made them, for machines without WIF: mono's own
// System.IdentityModel (IssuerNameRegistry, X509SecurityToken, SecurityTokenValidationException) and SignedXml, a web.config
// with an issuerNameRegistry, and a registry that is compatible with the one that prints WIF10201. It is not WIF: nothing of
// Microsoft's assemblies is in it.
//
//   WEB_CONFIG   the web.config; written where there is none; left out: made of the four below, in memory
//   REALM WSFED ENTITY_ID THUMBPRINTS      what a new web.config says
//   METADATA     federation metadata; UPDATE never (default), start, or a period such as 00:01:00 (at start, too):
//                when the registry is brought up to date from it, as WriteToConfig does
//   REGISTRY     an assembly with a ValidatingIssuerNameRegistry of your own, to use instead
//
//   wif10201.exe check WEB.CONFIG CERTIFICATE ISSUER      prints what the registry says of a certificate (base64) and an issuer
using System;
using System.IdentityModel.Tokens;
using System.IO;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using Rollover;

static class Program
{
    static volatile IssuerNameRegistry registry;

    static int Main(string[] args)
    {
        if (args.Length == 4 && args[0] == "check") return Check(args[1], args[2], args[3]);

        var config = new WebConfig(Environment.GetEnvironmentVariable("WEB_CONFIG"),
            () => WebConfig.Initial(Env("REALM"), Env("WSFED"), Env("ENTITY_ID"), Env("THUMBPRINTS").Split(',')));
        var update = Environment.GetEnvironmentVariable("UPDATE");
        var updates = !string.IsNullOrEmpty(update) && update != "never";
        if (updates) Update(config);
        registry = Registry(config);
        if (updates && update != "start") Every(TimeSpan.Parse(update), () => { if (Update(config)) registry = Registry(config); });

        new Site(int.Parse(Env("PORT")), config.Passive, config.Realm, () => registry).Run();
        return 0;
    }

    static int Check(string path, string certificate, string issuer)
    {
        try
        {
            var token = new X509SecurityToken(new X509Certificate2(Convert.FromBase64String(certificate)));
            Console.WriteLine(Registry(new WebConfig(path, () => throw new FileNotFoundException(path))).GetIssuerName(token, issuer));
            return 0;
        }
        catch (Exception e)
        {
            Console.WriteLine($"{e.GetType().FullName}: {e.Message}");
            return 1;
        }
    }

    static IssuerNameRegistry Registry(WebConfig config)
    {
        var children = config.Registry.ChildNodes;
        return UserRegistry.Load(Environment.GetEnvironmentVariable("REGISTRY"), children)
            ?? new WIF10201CompatibleRegistry(Configuration.Read(children));
    }

    // Update leaves the registry as it is where the metadata is of no use.
    static bool Update(WebConfig config)
    {
        try
        {
            var changed = config.Update(FederationMetadata.Fetch(Env("METADATA")));
            if (changed != null) Console.WriteLine($"issuerNameRegistry updated from the metadata: {changed}");
            return changed != null;
        }
        catch (Exception e)
        {
            Console.WriteLine($"issuerNameRegistry not updated: {e.Message}");
            return false;
        }
    }

    static void Every(TimeSpan period, Action work)
    {
        var thread = new Thread(() =>
        {
            for (;;)
            {
                Thread.Sleep(period);
                work();
            }
        });
        thread.IsBackground = true;
        thread.Start();
    }

    static string Env(string name)
    {
        return Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set");
    }
}
