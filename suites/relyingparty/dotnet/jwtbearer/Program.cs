// An ordinary ASP.NET Core API behind AddJwtBearer (Microsoft.AspNetCore.Authentication.JwtBearer) with Authority,
// Audience and, for a plain http issuer, RequireHttpsMetadata = false, and nothing else. JwtBearerVersion and
// IdentityModelVersion are build properties, because IdentityModel decides how the app rides out a rollover:
// 3.1.18 + 6.8.0 (ASP.NET Core 3.1's day: discovery and key set every 24 h; an unknown kid, IDX10501, asks for new ones,
// at most every 30 s, which the next request waits for) and 8.0.34 + 8.16.0 (every 12 h; an unknown kid, IDX10503, asks
// for new ones in the background, at most every 5 min). In both the clock skew is 5 min.
using System;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

string Env(string name) => Environment.GetEnvironmentVariable(name)
    ?? throw new InvalidOperationException($"{name} is not set");

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseUrls($"http://127.0.0.1:{Env("PORT")}");
builder.Logging.SetMinimumLevel(LogLevel.Warning)
    .AddFilter("Microsoft.AspNetCore.Authentication", LogLevel.Information);

builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
{
    options.Authority = Env("AUTHORITY");
    options.Audience = Env("AUDIENCE");
    options.RequireHttpsMetadata = false;
});
builder.Services.AddAuthorization();

var app = builder.Build();
app.UseAuthentication();
app.UseAuthorization();
app.MapGet("/healthz", () => Results.Json(new { status = "up" }));
app.MapGet("/api", (ClaimsPrincipal user) => Results.Json(new { sub = user.FindFirstValue(ClaimTypes.NameIdentifier) }))
    .RequireAuthorization();
app.Run();
