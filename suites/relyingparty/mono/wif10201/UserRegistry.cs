using System;
using System.IdentityModel.Tokens;
using System.IO;
using System.Reflection;
using System.Xml;

namespace Rollover
{
    // UserRegistry loads the registry that somebody has on disk instead of the one here: the ValidatingIssuerNameRegistry
    // of NuGet's package of that name. It is Microsoft's and not part of this project, so it is looked up by name at run time.
    static class UserRegistry
    {
        const string Type = "System.IdentityModel.Tokens.ValidatingIssuerNameRegistry";

        // Load returns null where no assembly is named or there is none, and says which registry is at work.
        public static IssuerNameRegistry Load(string assembly, XmlNodeList configuration)
        {
            if (string.IsNullOrEmpty(assembly)) return null;
            if (!File.Exists(assembly))
            {
                Console.WriteLine($"skipped: no assembly {assembly}; the WIF10201-compatible registry is used");
                return null;
            }
            try
            {
                var type = Assembly.LoadFrom(Path.GetFullPath(assembly)).GetType(Type, true);
                var registry = (IssuerNameRegistry)Activator.CreateInstance(type);
                registry.LoadCustomConfiguration(configuration);
                Console.WriteLine($"registry: {type.AssemblyQualifiedName}");
                return registry;
            }
            catch (TargetInvocationException e)
            {
                throw e.InnerException;
            }
        }
    }
}
