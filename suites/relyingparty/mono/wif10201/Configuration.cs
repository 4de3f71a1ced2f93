using System;
using System.Collections.Generic;
using System.Configuration;
using System.Linq;
using System.Xml;

namespace Rollover
{
    // Configuration reads the children of an issuerNameRegistry element as ValidatingIssuerNameRegistry does, and refuses
    // what that refuses with the same codes, in words of its own.
    static class Configuration
    {
        public static List<Authority> Read(XmlNodeList children)
        {
            var authorities = new List<Authority>();
            foreach (var element in Elements(children))
            {
                if (element.LocalName != "authority")
                    throw Error(10112, $"issuerNameRegistry takes elements 'authority' only, not '{element.LocalName}'");
                var authority = ReadAuthority(element);
                if (authorities.Any(a => a.Name == authority.Name)) throw Error(10103, $"authority '{authority.Name}' is there twice");
                authorities.Add(authority);
            }
            return authorities;
        }

        static Authority ReadAuthority(XmlElement element)
        {
            if (!element.HasAttribute("name")) throw Error(10111, "authority has no attribute 'name'");
            var authority = new Authority { Name = element.GetAttribute("name") };
            if (authority.Name == "") throw Error(10101, "the name of an authority is empty");

            XmlElement keys = null, issuers = null;
            foreach (var child in Elements(element.ChildNodes))
            {
                if (child.LocalName == "keys") keys = child;
                else if (child.LocalName == "validIssuers") issuers = child;
                else throw Error(10102, $"authority '{authority.Name}' takes 'keys' and 'validIssuers', not '{child.LocalName}'");
            }
            if (keys == null || issuers == null) throw Error(10104, $"authority '{authority.Name}' needs both 'keys' and 'validIssuers'");
            ReadKeys(authority, keys);
            ReadIssuers(authority, issuers);
            return authority;
        }

        static void ReadKeys(Authority authority, XmlElement keys)
        {
            var any = false;
            foreach (var add in Adds(keys))
            {
                any = true;
                // A symmetric key is a key, though none that a certificate's signature is checked with.
                if (!add.HasAttribute("thumbprint") && !add.HasAttribute("symmetricKey"))
                    throw Error(10108, "'add' in 'keys' needs an attribute 'thumbprint' or 'symmetricKey'");
                if (!add.HasAttribute("thumbprint")) continue;
                var thumbprint = Authority.Normal(Value(add, "thumbprint"));
                if (!authority.Thumbprints.Add(thumbprint)) throw Error(10110, $"thumbprint '{thumbprint}' is there twice");
            }
            if (!any) throw Error(10115, $"authority '{authority.Name}' has no key");
        }

        static void ReadIssuers(Authority authority, XmlElement issuers)
        {
            foreach (var add in Adds(issuers))
            {
                var name = Value(add, "name");
                if (!authority.Issuers.Add(name)) throw Error(10110, $"issuer '{name}' is there twice");
            }
            if (authority.Issuers.Count == 0) throw Error(10114, $"authority '{authority.Name}' has no valid issuer");
        }

        static IEnumerable<XmlElement> Adds(XmlElement parent)
        {
            foreach (var child in Elements(parent.ChildNodes))
            {
                if (child.LocalName != "add") throw Error(10107, $"'{parent.LocalName}' takes elements 'add' only, not '{child.LocalName}'");
                yield return child;
            }
        }

        static string Value(XmlElement add, string attribute)
        {
            if (!add.HasAttribute(attribute)) throw Error(10111, $"'add' in '{add.ParentNode.LocalName}' has no attribute '{attribute}'");
            var value = add.GetAttribute(attribute);
            if (value == "") throw Error(10109, $"attribute '{attribute}' is empty");
            return value;
        }

        static IEnumerable<XmlElement> Elements(XmlNodeList nodes)
        {
            foreach (XmlNode node in nodes)
            {
                if (node is XmlElement element) yield return element;
                else if (!(node is XmlComment) && !string.IsNullOrWhiteSpace(node.Value))
                    throw Error(10106, $"'{node.Value.Trim()}' is no element");
            }
        }

        static ConfigurationErrorsException Error(int code, string text)
        {
            return new ConfigurationErrorsException($"WIF{code}: {text}.");
        }
    }
}
