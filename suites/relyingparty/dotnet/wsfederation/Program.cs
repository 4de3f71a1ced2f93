// An ordinary ASP.NET Core site behind AddWsFederation (Microsoft.AspNetCore.Authentication.WsFederation 2.2.0, the one of
// ASP.NET Core 2.2's day, on Microsoft.IdentityModel 5.3.0) with MetadataAddress and Wtrealm, and nothing else but what
// plain http needs. Its defaults: the federation metadata is fetched with the first sign-in and again every 24 h
// (AutomaticRefreshInterval); a sign-in whose certificate is unknown fails with IDX10501 and asks for new metadata, which
// a later sign-in fetches, at most every 30 s (RefreshInterval). REFRESH_INTERVAL and AUTOMATIC_REFRESH_INTERVAL shorten
// the two ("00:00:01" and "00:05:00" are the least that the library takes).
using System;
using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.WsFederation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.WsFederation;

string Env(string name) => Environment.GetEnvironmentVariable(name)
    ?? throw new InvalidOperationException($"{name} is not set");

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseUrls($"http://127.0.0.1:{Env("PORT")}");
builder.Logging.SetMinimumLevel(LogLevel.Warning)
    .AddFilter("Microsoft.AspNetCore.Authentication", LogLevel.Information);
// Its cookies need outlive no restart, and no key is left in the home of whoever runs it.
builder.Services.AddSingleton<IDataProtectionProvider, EphemeralDataProtectionProvider>();

builder.Services
    .AddAuthentication(options =>
    {
        options.DefaultScheme = CookieAuthenticationDefaults.AuthenticationScheme;
        options.DefaultChallengeScheme = WsFederationDefaults.AuthenticationScheme;
    })
    .AddWsFederation(options =>
    {
        options.MetadataAddress = Env("METADATA");
        options.Wtrealm = Env("REALM");
        // Over http a browser keeps no Secure cookie, and takes SameSite=None for Lax: without these, "Correlation failed".
        options.RequireHttpsMetadata = false;
        options.CorrelationCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.CorrelationCookie.SameSite = SameSiteMode.Lax;
    })
    .AddCookie();
builder.Services.AddAuthorization();
// Registered after AddWsFederation, so it comes after the handler's own, which makes the ConfigurationManager.
builder.Services.AddSingleton<IPostConfigureOptions<WsFederationOptions>, Intervals>();

var app = builder.Build();
app.UseAuthentication();
app.UseAuthorization();
app.MapGet("/healthz", () => Results.Json(new { status = "up" }));
app.MapGet("/", (ClaimsPrincipal user) =>
        Results.Content($"<p>Signed in as {WebUtility.HtmlEncode(user.FindFirstValue(ClaimTypes.NameIdentifier))}</p>", "text/html"))
    .RequireAuthorization();
app.Run();

// Intervals sets what WsFederationOptions has no members for.
sealed class Intervals : IPostConfigureOptions<WsFederationOptions>
{
    public void PostConfigure(string? name, WsFederationOptions options)
    {
        var manager = (ConfigurationManager<WsFederationConfiguration>)options.ConfigurationManager;
        if (Span("REFRESH_INTERVAL") is { } refresh) manager.RefreshInterval = refresh;
        if (Span("AUTOMATIC_REFRESH_INTERVAL") is { } automatic) manager.AutomaticRefreshInterval = automatic;
    }

    static TimeSpan? Span(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? TimeSpan.Parse(text) : null;
}
