// A K2-like site: claims issuers with their thumbprints in a table that an administrator edits, and the failure of such a
// table when the provider rolls, with the text that K2 shows for it (WIF10201). It is not K2 and holds nothing of it.
//
//   TABLE        file with the claims issuers; written where there is none; left out: in memory
//   REALM WSFED ENTITY_ID THUMBPRINTS      the site's name, the provider's endpoint, and the first row
//
// On /admin the administrator gives an issuer's metadata URL, from which its row is filled in, or issuer and thumbprints by
// hand. Either counts for the next sign-in. There is no password: this is a target for tests, on the loopback interface.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using Rollover;

sealed class AdministeredSite : Site
{
    readonly Table table;

    AdministeredSite(Table table)
        : base(int.Parse(Env("PORT")), Env("WSFED"), Env("REALM"), () => new WIF10201CompatibleRegistry(table.Read()))
    {
        this.table = table;
    }

    static void Main()
    {
        new AdministeredSite(new Table(Environment.GetEnvironmentVariable("TABLE"),
            () => Table.Row(Env("ENTITY_ID"), Env("THUMBPRINTS").Split(',')))).Run();
    }

    protected override Response Page(Request request)
    {
        if (request.Path != "/admin") return base.Page(request);
        if (request.Method == "POST") Edit(request.Form);
        var rows = table.Read().Select(a => $"<tr><td>{WebUtility.HtmlEncode(a.Name)}</td><td>{WebUtility.HtmlEncode(string.Join(" ", a.Thumbprints))}</td></tr>\n");
        return new Response
        {
            Html = $@"<table><tr><th>Issuer</th><th>Thumbprints</th></tr>
{string.Concat(rows)}</table>
<form method=""post""><input name=""metadata"" placeholder=""Metadata URL""><button>Read</button></form>
<form method=""post""><input name=""issuer"" placeholder=""Issuer""><input name=""thumbprints"" placeholder=""Thumbprints, with commas""><button>Save</button></form>",
        };
    }

    void Edit(Dictionary<string, string> form)
    {
        if (form.TryGetValue("metadata", out var address))
        {
            var metadata = FederationMetadata.Fetch(address);
            table.Put(metadata.Issuer, metadata.Thumbprints);
        }
        else if (form.TryGetValue("issuer", out var issuer) && form.TryGetValue("thumbprints", out var thumbprints))
            table.Put(issuer, thumbprints.Split(','));
        else throw new InvalidOperationException("give a metadata URL, or an issuer and its thumbprints");
    }

    static string Env(string name)
    {
        return Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set");
    }
}
