using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.EndToEnd.SignUp;

/// <summary>A user is deleted by both services or by neither.</summary>
public sealed class DeletionTests(RunningSystem running)
{
    private const string File = "notifications.yml";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private HttpClient Gateway => running.System.Gateway;

    [Fact]
    public async Task A_deleted_user_and_its_notifications_are_gone()
    {
        int id = await WelcomedAsync("leaving");

        string run = await DeleteAsync(id);

        await EndsAsync(run, "completed");
        Assert.Equal(HttpStatusCode.NotFound, (await Gateway.GetAsync($"/users/{id}", Cancellation)).StatusCode);
        Assert.Equal(0, await NotificationsOfAsync(id));
    }

    [Fact]
    public async Task A_user_whose_notifications_must_be_kept_stays()
    {
        int id = await WelcomedAsync("staying");
        string before = await running.System.Configuration.GetStringAsync($"/_ext/v1/config/files/{File}", Cancellation);
        try
        {
            await RetainAsync(id);
            string run = await DeleteAsync(id);
            await EndsAsync(run, "undone");

            Assert.Equal("the notifications of this user must be kept", (string?)(await ReadAsync(run))["reason"]);
            Assert.Equal(HttpStatusCode.OK, (await Gateway.GetAsync($"/users/{id}", Cancellation)).StatusCode);
            Assert.Equal(1, await NotificationsOfAsync(id));
        }
        finally
        {
            await running.System.ConfigureAsync(File, before, Cancellation);
        }
    }

    private async Task<int> WelcomedAsync(string name)
    {
        string email = $"{name}-{Guid.NewGuid():N}@example.org";
        int id = (await running.System.SignUpAsync(name, email, Cancellation))!.Value;
        await Eventually.TrueAsync("the welcome is in the history", async () => await NotificationsOfAsync(id) == 1, Cancellation);
        return id;
    }

    private async Task<string> DeleteAsync(int id)
    {
        HttpResponseMessage accepted = await Gateway.DeleteAsync($"/users/{id}", Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        return accepted.Headers.Location!.ToString();
    }

    private Task EndsAsync(string run, string state)
    {
        string last = "";
        return Eventually.TrueAsync(
            $"the deletion is {state}",
            async () => (string?)(await ReadAsync(run))["state"] is { } now && (last = now) == state,
            Cancellation,
            () => last);
    }

    private async Task<JsonNode> ReadAsync(string path) => (await Gateway.GetFromJsonAsync<JsonNode>(path, Cancellation))!;

    private async Task<int> NotificationsOfAsync(int id) => (await ReadAsync($"/notifications?user_id={id}"))["notifications"]!.AsArray().Count;

    /// <summary>
    /// Has the user's notifications kept, and waits until Notifications knows it: the subject of its mails changes with the same commit.
    /// </summary>
    private async Task RetainAsync(int id)
    {
        string subject = $"Kept {Guid.NewGuid():N}";
        await running.System.ConfigureAsync(File, $"welcome:\n  subject: {subject}\nerasure:\n  retainedUsers: [{id}]\n", Cancellation);
        await Eventually.TrueAsync(
            "Notifications has taken the change",
            async () =>
            {
                string email = $"probe-{Guid.NewGuid():N}@example.org";
                await running.System.SignUpAsync("Probe", email, Cancellation);
                return (await running.System.MailToAsync(email, Cancellation)).Subject == subject;
            },
            Cancellation);
    }
}
