using System;
using System.Collections.Generic;
using System.IdentityModel.Tokens;
using System.IO;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Xml;

namespace Rollover
{
    // XML that came from outside: read without a DTD and with its white space, and believed only where it is signed.
    static class Documents
    {
        public const string DSig = "http://www.w3.org/2000/09/xmldsig#";
        const string Enveloped = DSig + "enveloped-signature";
        const string ExclusiveC14N = "http://www.w3.org/2001/10/xml-exc-c14n#";

        static readonly string[] signatures = { DSig + "rsa-sha1", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" };
        static readonly string[] digests = { DSig + "sha1", "http://www.w3.org/2001/04/xmlenc#sha256" };

        public static XmlDocument Read(string text)
        {
            return Read(new MemoryStream(Encoding.UTF8.GetBytes(text)));
        }

        public static XmlDocument Read(Stream stream)
        {
            var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };
            var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
            using (var reader = XmlReader.Create(stream, settings)) document.Load(reader);
            return document;
        }

        // AsRoot puts an element into a document of its own.
        public static XmlElement AsRoot(XmlElement element)
        {
            return Read(element.OuterXml).DocumentElement;
        }

        // Children are the child elements of a name: never descendants, since what is further down may be somebody else's.
        public static List<XmlElement> Children(XmlElement parent, string name, string space)
        {
            return parent.ChildNodes.OfType<XmlElement>().Where(e => e.LocalName == name && e.NamespaceURI == space).ToList();
        }

        public static XmlElement Child(XmlElement parent, string name, string space)
        {
            var found = Children(parent, name, space);
            if (found.Count != 1) throw new SecurityTokenException($"{parent.LocalName} has {found.Count} elements {name}, one is due");
            return found[0];
        }

        // Verify checks the enveloped signature of a document with the certificate in its KeyInfo, which is returned: whether
        // that one is trusted is another question. What was signed is the whole document, so that whatever is read from it
        // was signed (signature wrapping: "On Breaking SAML", USENIX Security 2012): one signature, a child of the root;
        // one reference, to the root; no transform but those of an enveloped signature; no ds:Object; no second ID.
        public static X509Certificate2 Verify(XmlElement root, string idAttribute)
        {
            if (root.OwnerDocument.DocumentElement != root) throw new ArgumentException("not the root of its document");
            var id = root.GetAttribute(idAttribute);
            if (id == "") throw new SecurityTokenException($"{root.LocalName} has no {idAttribute}");
            var bearers = root.SelectNodes("//@*").OfType<XmlAttribute>()
                .Count(a => a.Value == id && (a.LocalName.Equals("id", StringComparison.OrdinalIgnoreCase) || a.LocalName == "AssertionID"));
            if (bearers != 1) throw new SecurityTokenException($"{bearers} elements have the {idAttribute} {id}");

            var all = root.GetElementsByTagName("Signature", DSig).Count;
            if (all == 0) throw new SecurityTokenException($"{root.LocalName} is not signed");
            if (all != 1) throw new SecurityTokenException($"{root.LocalName} has {all} signatures");
            var signature = Child(root, "Signature", DSig);
            var info = Child(signature, "SignedInfo", DSig);
            Demand(Child(info, "CanonicalizationMethod", DSig), ExclusiveC14N);
            Demand(Child(info, "SignatureMethod", DSig), signatures);
            var reference = Child(info, "Reference", DSig);
            if (reference.GetAttribute("URI") != "#" + id) throw new SecurityTokenException("the signature refers to something else");
            Demand(Child(reference, "DigestMethod", DSig), digests);
            var transforms = Children(Child(reference, "Transforms", DSig), "Transform", DSig);
            if (transforms.Count != 2) throw new SecurityTokenException($"{transforms.Count} transforms");
            Demand(transforms[0], Enveloped);
            Demand(transforms[1], ExclusiveC14N);
            if (signature.GetElementsByTagName("Object", DSig).Count > 0) throw new SecurityTokenException("the signature has a ds:Object");

            var certificate = Certificate(Child(signature, "KeyInfo", DSig));
            var signed = new RootSigned(root, id);
            signed.LoadXml(signature);
            if (!signed.CheckSignature(certificate.PublicKey.Key)) throw new SecurityTokenException("the signature does not verify");
            return certificate;
        }

        // Certificate is the one certificate of a KeyInfo.
        public static X509Certificate2 Certificate(XmlElement keyInfo)
        {
            var text = Child(Child(keyInfo, "X509Data", DSig), "X509Certificate", DSig).InnerText;
            return new X509Certificate2(Convert.FromBase64String(text));
        }

        static void Demand(XmlElement method, params string[] allowed)
        {
            var algorithm = method.GetAttribute("Algorithm");
            if (!allowed.Contains(algorithm)) throw new SecurityTokenException($"{method.LocalName} {algorithm} is not allowed");
        }

        // RootSigned resolves the reference to the root and to nothing else, whatever its ID attribute is called.
        sealed class RootSigned : SignedXml
        {
            readonly XmlElement root;
            readonly string id;

            public RootSigned(XmlElement root, string id) : base(root.OwnerDocument)
            {
                this.root = root;
                this.id = id;
            }

            public override XmlElement GetIdElement(XmlDocument document, string idValue)
            {
                return idValue == id ? root : null;
            }
        }
    }
}
