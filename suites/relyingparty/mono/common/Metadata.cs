using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Xml;

namespace Rollover
{
    // FederationMetadata is what a claims-aware app takes from its provider's document: the entityID as the issuer, and
    // the signing certificates of the security token service (not those of the other roles).
    sealed class FederationMetadata
    {
        const string SAML2 = "urn:oasis:names:tc:SAML:2.0:metadata";
        const string Fed = "http://docs.oasis-open.org/wsfed/federation/200706";
        const string Schema = "http://www.w3.org/2001/XMLSchema-instance";

        static readonly TimeSpan patience = TimeSpan.FromSeconds(5);

        public string Issuer { get; private set; }
        public List<string> Thumbprints { get; private set; }

        public static FederationMetadata Fetch(string address)
        {
            var request = WebRequest.Create(address);
            request.Timeout = (int)patience.TotalMilliseconds;
            try
            {
                using (var response = request.GetResponse())
                using (var body = response.GetResponseStream())
                {
                    body.ReadTimeout = request.Timeout;
                    return Read(body);
                }
            }
            catch (Exception e) when (!e.Message.StartsWith("WIF"))
            {
                throw new InvalidOperationException($"WIF10119: cannot read the metadata at {address}: {e.Message}", e);
            }
        }

        // Read refuses what is not signed, what was altered, what has run out, and what somebody signed whose certificate the
        // document does not publish. Who it is that signed is left to the transport: nobody vouches for a self-signed certificate.
        public static FederationMetadata Read(Stream stream)
        {
            var root = Documents.Read(stream).DocumentElement;
            if (root.LocalName != "EntityDescriptor" || root.NamespaceURI != SAML2)
                throw new InvalidOperationException($"WIF10119: {root.LocalName} is no EntityDescriptor");
            if (Documents.Children(root, "Signature", Documents.DSig).Count == 0)
                throw new InvalidOperationException("WIF10120: the metadata is not signed");
            var signer = Documents.Verify(root, "ID");
            if (root.HasAttribute("validUntil") &&
                XmlConvert.ToDateTime(root.GetAttribute("validUntil"), XmlDateTimeSerializationMode.Utc) < DateTime.UtcNow)
                throw new InvalidOperationException($"WIF10119: the metadata were valid until {root.GetAttribute("validUntil")}");
            var certificates = Documents.Children(root, "RoleDescriptor", SAML2).Where(IsTokenService)
                .SelectMany(r => Documents.Children(r, "KeyDescriptor", SAML2))
                .Where(k => k.GetAttribute("use") != "encryption")
                .Select(k => Documents.Certificate(Documents.Child(k, "KeyInfo", Documents.DSig)))
                .ToList();
            if (!certificates.Any(c => c.Thumbprint == signer.Thumbprint))
                throw new InvalidOperationException($"WIF10119: the metadata is signed with {signer.Thumbprint}, which it does not publish");
            return new FederationMetadata
            {
                Issuer = root.GetAttribute("entityID"),
                Thumbprints = certificates.Select(c => c.Thumbprint).Distinct().ToList(),
            };
        }

        static bool IsTokenService(XmlElement role)
        {
            var type = role.GetAttribute("type", Schema).Split(':');
            return type.Length == 2 && type[1] == "SecurityTokenServiceType" && role.GetNamespaceOfPrefix(type[0]) == Fed;
        }
    }
}
