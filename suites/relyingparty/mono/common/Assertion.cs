using System;
using System.IdentityModel.Tokens;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Xml;

namespace Rollover
{
    // What a verified assertion says. Whether its signer is trusted is the registry's to say.
    sealed class Assertion
    {
        const string SAML2 = "urn:oasis:names:tc:SAML:2.0:assertion";
        const string SAML1 = "urn:oasis:names:tc:SAML:1.0:assertion";

        static readonly TimeSpan skew = TimeSpan.FromMinutes(5); // WIF's default maximumClockSkew

        public string Issuer { get; private set; }
        public string Subject { get; private set; }
        public X509Certificate2 Signer { get; private set; }

        XmlElement conditions;
        Func<XmlElement, XmlElement[]> audiences;

        // FromResponse takes the one assertion out of a WS-Trust response (wresult) and verifies its signature with the
        // certificate in its KeyInfo, as WIF does: an unknown signer comes up later, in the registry.
        public static Assertion FromResponse(string wresult)
        {
            var response = Documents.Read(wresult);
            var all = response.GetElementsByTagName("Assertion", SAML2).OfType<XmlElement>()
                .Concat(response.GetElementsByTagName("Assertion", SAML1).OfType<XmlElement>()).ToList();
            if (all.Count != 1) throw new SecurityTokenException($"the response has {all.Count} assertions, one is due");
            if (all[0].ParentNode.LocalName != "RequestedSecurityToken") throw new SecurityTokenException("the assertion is not where it is due");
            var root = Documents.AsRoot(all[0]);
            return root.NamespaceURI == SAML2 ? Version2(root) : Version1(root);
        }

        static Assertion Version2(XmlElement root)
        {
            return new Assertion
            {
                Signer = Documents.Verify(root, "ID"),
                Issuer = Documents.Child(root, "Issuer", SAML2).InnerText,
                Subject = Documents.Child(Documents.Child(root, "Subject", SAML2), "NameID", SAML2).InnerText,
                conditions = Documents.Child(root, "Conditions", SAML2),
                audiences = c => Documents.Children(c, "AudienceRestriction", SAML2)
                    .SelectMany(r => Documents.Children(r, "Audience", SAML2)).ToArray(),
            };
        }

        static Assertion Version1(XmlElement root)
        {
            var signer = Documents.Verify(root, "AssertionID");
            var names = root.ChildNodes.OfType<XmlElement>().SelectMany(s => Documents.Children(s, "Subject", SAML1))
                .Select(s => Documents.Child(s, "NameIdentifier", SAML1).InnerText).Distinct().ToList();
            if (names.Count != 1) throw new SecurityTokenException($"the assertion has {names.Count} subjects");
            return new Assertion
            {
                Signer = signer,
                Issuer = root.GetAttribute("Issuer"),
                Subject = names[0],
                conditions = Documents.Child(root, "Conditions", SAML1),
                audiences = c => Documents.Children(c, "AudienceRestrictionCondition", SAML1)
                    .SelectMany(r => Documents.Children(r, "Audience", SAML1)).ToArray(),
            };
        }

        // Validate checks times and audience. In WIF too they come before the registry: an expired token is never a WIF10201.
        public void Validate(string realm, DateTime now)
        {
            if (now + skew < Time("NotBefore")) throw new SecurityTokenValidationException("the assertion is not yet valid");
            if (now - skew >= Time("NotOnOrAfter")) throw new SecurityTokenValidationException("the assertion has expired");
            if (!audiences(conditions).Any(a => a.InnerText == realm))
                throw new SecurityTokenValidationException($"the assertion is not for the audience {realm}");
        }

        DateTime Time(string attribute)
        {
            return XmlConvert.ToDateTime(conditions.GetAttribute(attribute), XmlDateTimeSerializationMode.Utc);
        }
    }
}
