using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;

namespace Rollover
{
    // Request is what a browser asked, with the form that it posted.
    sealed class Request
    {
        public string Method, Path;
        public readonly Dictionary<string, string> Cookies = new Dictionary<string, string>();
        public Dictionary<string, string> Form = new Dictionary<string, string>();
    }

    // Response is what it is answered.
    sealed class Response
    {
        public int Status = 200;
        public string Html = "";
        public string Location, SetCookie;

        public static Response Redirect(string location)
        {
            return new Response { Status = 302, Location = location };
        }
    }

    // Http serves one request per connection. mono's HttpListener is not used: it takes connections before it is ready for
    // them, and one that comes in that instant ends the process (6.8: ArgumentNullException in EndPointListener.ProcessAccept).
    static class Http
    {
        const int LargestHead = 64 << 10, LargestForm = 1 << 20; // bytes
        static readonly TimeSpan patience = TimeSpan.FromSeconds(10);

        public static void Serve(int port, Func<Request, Response> handler)
        {
            var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            for (;;)
            {
                var client = listener.AcceptTcpClient();
                ThreadPool.QueueUserWorkItem(_ => Answer(client, handler));
            }
        }

        static void Answer(TcpClient client, Func<Request, Response> handler)
        {
            using (client)
            {
                try
                {
                    client.ReceiveTimeout = client.SendTimeout = (int)patience.TotalMilliseconds;
                    var stream = client.GetStream();
                    var request = Read(stream);
                    if (request != null) Write(stream, handler(request));
                }
                catch (Exception e)
                {
                    Console.WriteLine($"{e.GetType().FullName}: {e.Message}");
                }
            }
        }

        // Read returns null where the connection ends before a request has come.
        static Request Read(Stream stream)
        {
            var head = new List<byte>();
            while (!EndsHead(head))
            {
                var b = stream.ReadByte();
                if (b < 0) return null;
                head.Add((byte)b);
                if (head.Count > LargestHead) throw new InvalidDataException("the head of the request is too large");
            }
            var lines = Encoding.ASCII.GetString(head.ToArray()).Split(new[] { "\r\n" }, StringSplitOptions.RemoveEmptyEntries);
            var first = lines[0].Split(' ');
            if (first.Length != 3) throw new InvalidDataException($"'{lines[0]}' is no request");
            var request = new Request { Method = first[0], Path = first[1].Split('?')[0] };
            var length = 0;
            foreach (var line in lines.Skip(1))
            {
                var field = line.Split(new[] { ':' }, 2);
                if (field.Length != 2) continue;
                switch (field[0].ToLowerInvariant())
                {
                    case "content-length": length = int.Parse(field[1]); break;
                    case "cookie":
                        foreach (var pair in field[1].Split(';').Select(c => c.Trim().Split(new[] { '=' }, 2)).Where(c => c.Length == 2))
                            request.Cookies[pair[0]] = pair[1];
                        break;
                }
            }
            if (length < 0 || length > LargestForm) throw new InvalidDataException("the form is too large");
            request.Form = Form(Encoding.ASCII.GetString(Body(stream, length)));
            return request;
        }

        static bool EndsHead(List<byte> head)
        {
            var n = head.Count;
            return n >= 4 && head[n - 4] == '\r' && head[n - 3] == '\n' && head[n - 2] == '\r' && head[n - 1] == '\n';
        }

        static byte[] Body(Stream stream, int length)
        {
            var body = new byte[length];
            for (var read = 0; read < length;)
            {
                var n = stream.Read(body, read, length - read);
                if (n <= 0) throw new EndOfStreamException("the form is cut off");
                read += n;
            }
            return body;
        }

        static Dictionary<string, string> Form(string text)
        {
            return text.Split('&').Select(pair => pair.Split(new[] { '=' }, 2)).Where(pair => pair.Length == 2)
                .GroupBy(pair => WebUtility.UrlDecode(pair[0])).ToDictionary(g => g.Key, g => WebUtility.UrlDecode(g.First()[1]));
        }

        static void Write(Stream stream, Response response)
        {
            var body = Encoding.UTF8.GetBytes(response.Html);
            var head = $"HTTP/1.1 {response.Status} {(HttpStatusCode)response.Status}\r\nConnection: close\r\n" +
                $"Content-Type: text/html; charset=utf-8\r\nContent-Length: {body.Length}\r\n" +
                (response.Location == null ? "" : $"Location: {response.Location}\r\n") +
                (response.SetCookie == null ? "" : $"Set-Cookie: {response.SetCookie}\r\n") + "\r\n";
            var bytes = Encoding.ASCII.GetBytes(head).Concat(body).ToArray();
            stream.Write(bytes, 0, bytes.Length);
        }
    }
}
