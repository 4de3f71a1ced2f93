using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Rollover
{
    // Table is the list of claims issuers that an administrator keeps: one row per issuer with its name and thumbprints. With
    // a path it is a file (issuer and thumbprints separated by tabs), read anew each time as a row of a database is.
    sealed class Table
    {
        readonly string path;
        readonly object gate = new object();
        List<string> rows;

        public Table(string path, Func<string> initial)
        {
            this.path = path;
            if (path == null) rows = new List<string> { initial() };
            else if (!File.Exists(path)) File.WriteAllText(path, initial() + "\n");
        }

        public static string Row(string issuer, IEnumerable<string> thumbprints)
        {
            return string.Join("\t", new[] { issuer }.Concat(thumbprints));
        }

        public List<Authority> Read()
        {
            lock (gate) return Rows().Select(Parse).ToList();
        }

        // Put replaces the row of an issuer, or adds one.
        public void Put(string issuer, IEnumerable<string> thumbprints)
        {
            lock (gate)
            {
                var next = Rows().Where(r => Parse(r).Name != issuer).Append(Row(issuer, thumbprints)).ToList();
                if (path == null) rows = next;
                else
                {
                    File.WriteAllLines(path + ".new", next);
                    File.Replace(path + ".new", path, null);
                }
            }
        }

        List<string> Rows()
        {
            return path == null ? rows : File.ReadAllLines(path).Where(r => r.Trim() != "").ToList();
        }

        static Authority Parse(string row)
        {
            var cells = row.Split('\t');
            var authority = new Authority { Name = cells[0] };
            authority.Issuers.Add(cells[0]);
            foreach (var thumbprint in cells.Skip(1)) authority.Thumbprints.Add(Authority.Normal(thumbprint));
            return authority;
        }
    }
}
