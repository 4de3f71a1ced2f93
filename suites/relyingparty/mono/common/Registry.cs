using System;
using System.Collections.Generic;
using System.IdentityModel.Tokens;
using System.Linq;

namespace Rollover
{
    // Authority is who is trusted: the signing certificates and the issuers that go with them.
    sealed class Authority
    {
        public string Name;
        // Spaces are taken out, letter case does not matter. Nothing else is forgiven: not the U+200E that the Windows
        // certificate dialog puts before a copied thumbprint, not colons.
        public readonly HashSet<string> Thumbprints = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        // Compared as they are written: letter case and the slash at the end count.
        public readonly HashSet<string> Issuers = new HashSet<string>(StringComparer.Ordinal);

        public static string Normal(string thumbprint)
        {
            return thumbprint.Replace(" ", "");
        }
    }

    // WIF10201CompatibleRegistry answers as System.IdentityModel.Tokens.ValidatingIssuerNameRegistry was seen to answer,
    // with the text that people search for. It is written from that behaviour alone and holds nothing of Microsoft's.
    sealed class WIF10201CompatibleRegistry : IssuerNameRegistry
    {
        readonly List<Authority> authorities;

        public WIF10201CompatibleRegistry(IEnumerable<Authority> authorities)
        {
            this.authorities = authorities.ToList();
        }

        public override string GetIssuerName(SecurityToken securityToken)
        {
            throw new NotSupportedException("WIF10200: the issuer has to be given with the security token");
        }

        // GetIssuerName returns the issuer that it was asked about where one authority has both it and the token's
        // certificate. One message stands for all that can be wrong: an unknown certificate, an unknown issuer, the two in
        // different authorities, no authority at all.
        public override string GetIssuerName(SecurityToken securityToken, string requestedIssuerName)
        {
            var token = securityToken as X509SecurityToken;
            var trusted = token != null && authorities.Any(a =>
                a.Issuers.Contains(requestedIssuerName) && a.Thumbprints.Contains(token.Certificate.Thumbprint));
            if (trusted) return requestedIssuerName;
            throw new SecurityTokenValidationException(
                $"WIF10201: No valid key mapping found for securityToken: '{securityToken}' and issuer: '{requestedIssuerName}'.");
        }
    }
}
