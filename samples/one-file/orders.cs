#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/Chassis
#:property AssemblyName=orders
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false

// A whole service in one file: it registers itself, is found by name, reads its configuration live and calls a sibling.
using System.Net;
using Quintet.Chassis;

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
builder.AddQuintet();
builder.Services.AddHttpClient();
WebApplication app = builder.Build();
app.UseQuintet();

app.MapGet("/orders/greeting", (IConfiguration configuration) => new { greeting = configuration["greeting"] ?? "Hello" });

app.MapGet("/orders/for/{userId:long}", async (long userId, HttpClient http, CancellationToken cancellation) =>
{
    using HttpResponseMessage user = await http.GetAsync(new Uri($"http://users/users/{userId}"), cancellation);
    if (user.StatusCode == HttpStatusCode.NotFound) return Results.Problem("There is no such user.", statusCode: 404);
    user.EnsureSuccessStatusCode();
    return Results.Ok(new { user = await user.Content.ReadFromJsonAsync<Customer>(cancellation), orders = Array.Empty<string>() });
});

await app.RunAsync();

internal sealed record Customer(long Id, string Name);
