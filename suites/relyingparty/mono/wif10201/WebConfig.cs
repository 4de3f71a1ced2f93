using System;
using System.Collections.Generic;
using System.Configuration;
using System.IO;
using System.Linq;
using System.Xml;

namespace Rollover
{
    // WebConfig is the part of a claims-aware app's web.config that decides whom it trusts. With a path it is a file, which
    // is written where there is none yet; without one it lives as long as the process.
    sealed class WebConfig
    {
        const string Identity = "/configuration/system.identityModel/identityConfiguration";

        readonly string path;
        readonly XmlDocument document;

        public WebConfig(string path, Func<string> initial)
        {
            this.path = path;
            if (path != null && !File.Exists(path)) File.WriteAllText(path, initial());
            document = Documents.Read(path != null ? File.ReadAllText(path) : initial());
        }

        public XmlElement Registry => One(Identity + "/issuerNameRegistry");
        public string Realm => One(Identity + "/audienceUris/add").GetAttribute("value");
        public string Passive => One("/configuration/system.identityModel.services/federationConfiguration/wsFederation").GetAttribute("issuer");

        // Initial is what Visual Studio's "Identity and Access" wizard left behind, for one provider.
        public static string Initial(string realm, string passive, string entityID, IEnumerable<string> thumbprints)
        {
            var document = Documents.Read(@"<configuration>
  <system.identityModel>
    <identityConfiguration>
      <audienceUris><add value=""""/></audienceUris>
      <issuerNameRegistry type=""System.IdentityModel.Tokens.ValidatingIssuerNameRegistry, System.IdentityModel.Tokens.ValidatingIssuerNameRegistry""/>
      <certificateValidation certificateValidationMode=""None""/>
    </identityConfiguration>
  </system.identityModel>
  <system.identityModel.services>
    <federationConfiguration>
      <wsFederation passiveRedirectEnabled=""true"" issuer="""" realm=""""/>
    </federationConfiguration>
  </system.identityModel.services>
</configuration>
");
            ((XmlElement)document.SelectSingleNode(Identity + "/audienceUris/add")).SetAttribute("value", realm);
            var services = (XmlElement)document.SelectSingleNode("//wsFederation");
            services.SetAttribute("issuer", passive);
            services.SetAttribute("realm", realm);
            Fill((XmlElement)document.SelectSingleNode(Identity + "/issuerNameRegistry"), entityID, thumbprints);
            return document.OuterXml;
        }

        // Update does what ValidatingIssuerNameRegistry.WriteToConfig does: where the signed metadata and the registry
        // differ, the registry is replaced and what it was is left behind as a comment. It says what it changed, or null.
        // Beyond that it takes nobody for the issuer who was not one before.
        public string Update(FederationMetadata metadata)
        {
            var old = Registry;
            var same = old.SelectNodes("authority").Count == 1 &&
                Values("authority/keys/add", "thumbprint").SetEquals(metadata.Thumbprints) &&
                Values("authority/validIssuers/add", "name").SetEquals(new[] { metadata.Issuer });
            if (same) return null;
            if (!Values("authority/validIssuers/add", "name").Contains(metadata.Issuer))
                throw new InvalidOperationException($"the metadata are those of {metadata.Issuer}, who is no valid issuer");
            var next = (XmlElement)old.CloneNode(false);
            Fill(next, metadata.Issuer, metadata.Thumbprints);
            old.ParentNode.InsertBefore(document.CreateComment(" replaced, the metadata differ: " + old.OuterXml.Replace("--", "- -") + " "), old);
            old.ParentNode.ReplaceChild(next, old);
            if (path != null) Save();
            return $"{metadata.Issuer}: {string.Join(", ", metadata.Thumbprints)}";
        }

        // Save never leaves half a file behind.
        void Save()
        {
            var beside = path + ".new";
            document.Save(beside);
            File.Replace(beside, path, null);
        }

        HashSet<string> Values(string select, string attribute)
        {
            return new HashSet<string>(Registry.SelectNodes(select).OfType<XmlElement>().Select(e => e.GetAttribute(attribute)));
        }

        XmlElement One(string select)
        {
            var found = document.SelectNodes(select).OfType<XmlElement>().ToList();
            if (found.Count != 1) throw new ConfigurationErrorsException($"web.config has {found.Count} elements {select}, one is due");
            return found[0];
        }

        static void Fill(XmlElement registry, string issuer, IEnumerable<string> thumbprints)
        {
            var authority = Append(registry, "authority", "name", issuer);
            var keys = Append(authority, "keys");
            foreach (var thumbprint in thumbprints) Append(keys, "add", "thumbprint", thumbprint);
            Append(Append(authority, "validIssuers"), "add", "name", issuer);
        }

        static XmlElement Append(XmlElement parent, string name, string attribute = null, string value = null)
        {
            var child = parent.OwnerDocument.CreateElement(name);
            if (attribute != null) child.SetAttribute(attribute, value);
            parent.AppendChild(child);
            return child;
        }
    }
}
