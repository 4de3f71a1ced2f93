// Prints what Microsoft's own reader (Microsoft.IdentityModel.Protocols.WsFederation 5.3.0: the one behind ASP.NET Core's
// and OWIN's WS-Federation sign-in) finds in federation metadata, as one JSON object. The reader takes the issuer, the
// keys of the role fed:SecurityTokenServiceType and its passive endpoint; it keeps the document's signature but never
// checks it. That is done here, with each of the keys that the document publishes.
//
//   dotnet app.dll URL|FILE
using System;
using System.Linq;
using System.Text.Json;
using System.Threading;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.WsFederation;
using Microsoft.IdentityModel.Tokens;
using Microsoft.IdentityModel.Xml;

if (args.Length != 1)
{
    Console.Error.WriteLine("usage: dotnet app.dll URL|FILE");
    return 2;
}
try
{
    IDocumentRetriever documents = args[0].StartsWith("http", StringComparison.OrdinalIgnoreCase)
        ? new HttpDocumentRetriever { RequireHttps = false }
        : new FileDocumentRetriever();
    var read = await WsFederationConfigurationRetriever.GetAsync(args[0], documents, CancellationToken.None);
    var keys = read.SigningKeys.ToList();
    Console.WriteLine(JsonSerializer.Serialize(new
    {
        issuer = read.Issuer,
        keys = keys.Count,
        thumbprints = keys.OfType<X509SecurityKey>().Select(key => key.Certificate.Thumbprint),
        tokenEndpoint = read.TokenEndpoint,
        signed = read.Signature != null,
        verified = read.Signature != null && keys.Any(key => Verifies(read.Signature, key)),
    }));
    return 0;
}
catch (Exception failure)
{
    for (Exception? cause = failure; cause != null; cause = cause.InnerException)
        Console.Error.WriteLine($"{cause.GetType().FullName}: {cause.Message}");
    return 1;
}

static bool Verifies(Signature signature, SecurityKey key)
{
    try
    {
        signature.Verify(key, key.CryptoProviderFactory);
        return true;
    }
    catch (XmlValidationException)
    {
        return false;
    }
}
