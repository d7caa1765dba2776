using System.Drawing;
using System.Globalization;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;
using OpenQA.Selenium.Interactions;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;

namespace Quintet.Browser.Systems;

/// <summary>A person with a browser of their own, logged in to the console.</summary>
internal sealed class Visitor : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";
    private const string Driver = "/usr/bin/chromedriver";

    public static readonly string Right = Keys.ArrowRight;

    private static readonly string[] Clickable = ["button", "a", "summary"];

    private readonly ChromeDriver _browser;
    private readonly Uri _console;

    private Visitor(ChromeDriver browser, Uri console) => (_browser, _console) = (browser, console);

    public string Text => Page.Text;

    public string Path => new Uri(_browser.Url).AbsolutePath;

    public string Query => new Uri(_browser.Url).Query;

    private IWebElement Page => _browser.FindElement(By.TagName("main"));

    public static async Task<Visitor> LogInAsync(WatchedSystem watched, string role, CancellationToken cancellation)
    {
        Need.DebianFile(Chromium, "chromium");
        Need.DebianFile(Driver, "chromium-driver");
        await watched.OpenAsync(cancellation);
        ChromeOptions options = new() { BinaryLocation = Chromium };
        options.AddArguments(
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-prefers-reduced-motion",
            "--window-size=1280,940");
        options.SetLoggingPreference(LogType.Browser, LogLevel.Warning);
        Visitor visitor = new(new ChromeDriver(ChromeDriverService.CreateDefaultService(Driver), options, TimeSpan.FromMinutes(2)), watched.Console);
        try
        {
            visitor._browser.Navigate().GoToUrl(await watched.LinkAsync(role, cancellation));
            await Eventually.TrueAsync("the login leads to the overview", () => Task.FromResult(visitor.Path == "/"), cancellation);
            return visitor;
        }
        catch
        {
            await visitor.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens a page and waits until it answers to clicks.</summary>
    public async Task OpenAsync(string path, CancellationToken cancellation)
    {
        _browser.Navigate().GoToUrl(new Uri(_console, path));
        await ShowsAsync("main[data-live]", cancellation);
    }

    /// <summary>Waits until the page that is being loaded answers to clicks: how long that took, and what was sent for it.</summary>
    public async Task<(double Milliseconds, long Octets)> BecomesLiveAsync(CancellationToken cancellation)
    {
        await ShowsAsync("main[data-live]", cancellation);
        double milliseconds = Convert.ToDouble(_browser.ExecuteScript("return performance.now()"), CultureInfo.InvariantCulture);
        long octets = Ask<long>("return performance.getEntries().reduce((sum, entry) => sum + (entry.transferSize ?? 0), 0)");
        return (milliseconds, octets);
    }

    /// <summary>Waits until something stands on the page.</summary>
    public Task ShowsAsync(string selector, CancellationToken cancellation) =>
        Eventually.TrueAsync($"{selector} is shown", () => Task.FromResult(_browser.FindElements(By.CssSelector(selector)).Count > 0), cancellation);

    public Task SaysAsync(string words, CancellationToken cancellation) => Eventually.TrueAsync(
        $"the page says '{words}'", () => Task.FromResult(Read(page => page.Text.Contains(words, StringComparison.Ordinal))), cancellation);

    /// <summary>What these are called to those who cannot see them.</summary>
    public IReadOnlyList<string> Labels(string selector) => AskAll(selector, "e.getAttribute('aria-label')");

    /// <summary>Where drawn things stand in their drawing.</summary>
    public IReadOnlyList<string> Places(string selector) => AskAll(selector, "e.getAttribute('x') + ' ' + e.getAttribute('y')");

    public void Focus(string selector) => _browser.ExecuteScript("document.querySelector(arguments[0]).focus()", selector);

    public bool Has(string words) => Read(page => page.Text.Contains(words, StringComparison.Ordinal));

    /// <summary>Clicks what has these words on it, again if the page is not live yet, until <paramref name="then"/> is there.</summary>
    public Task ClickAsync(string words, string then, CancellationToken cancellation) => Eventually.TrueAsync(
        $"'{words}' leads to {then}",
        () =>
        {
            if (_browser.FindElements(By.CssSelector(then)).Count > 0) return Task.FromResult(true);
            // Behind an open dialog nothing can be clicked.
            string within = _browser.FindElements(By.TagName("dialog")).Count > 0 ? "//dialog" : "";
            _browser.FindElements(By.XPath(string.Join(" | ", Clickable.Select(tag => $"{within}//{tag}[contains(., \"{words}\")]"))))
                .LastOrDefault(element => element is { Displayed: true, Enabled: true })?.Click();
            return Task.FromResult(_browser.FindElements(By.CssSelector(then)).Count > 0);
        },
        cancellation);

    /// <summary>Leaves a dialog that has done its work.</summary>
    public Task CloseAsync(CancellationToken cancellation) => ClickAsync("Close", "body:not(:has(dialog))", cancellation);

    public int Count(string selector) => _browser.FindElements(By.CssSelector(selector)).Count;

    /// <summary>Draws with the pointer over nearly all of something.</summary>
    public void Draw(string selector)
    {
        IWebElement area = _browser.FindElement(By.CssSelector(selector));
        (int x, int y) = ((area.Size.Width / 2) - 8, (area.Size.Height / 2) - 8);
        new Actions(_browser).MoveToElement(area, -x, -y).ClickAndHold().MoveToElement(area, x, y).Release().Perform();
    }

    public void Write(string selector, string text)
    {
        IWebElement field = _browser.FindElement(By.CssSelector(selector));
        field.Clear();
        field.SendKeys(text);
        field.SendKeys(Keys.Tab); // the value counts when the field is left
    }

    /// <summary>Chooses one of a list.</summary>
    public void Choose(string selector, string value) => _browser.FindElement(By.CssSelector($"{selector} option[value='{value}']")).Click();

    /// <summary>What is written in a field.</summary>
    public string Written(string selector) => _browser.FindElement(By.CssSelector(selector)).GetDomProperty("value") ?? "";

    /// <summary>To whatever has the focus.</summary>
    public void Press(string keys) => new Actions(_browser).SendKeys(keys).Perform();

    public string FocusedId => _browser.SwitchTo().ActiveElement().GetAttribute("id") ?? "";

    /// <summary>What the browser complained of: scripts that failed, and what the content security policy forbade.</summary>
    public IReadOnlyList<string> Complaints() =>
        [.. _browser.Manage().Logs.GetLog(LogType.Browser).Where(entry => entry.Level >= LogLevel.Severe).Select(entry => entry.Message)];

    /// <summary>What axe-core finds that keeps somebody from using the page, each with where it is.</summary>
    public IReadOnlyList<string> Barriers()
    {
        string axe = System.IO.Path.Combine(Need.NodeModules(Repository.At("tests", "Browser")), "axe-core", "axe.min.js");
        // The page's policy lets no script in but its own; the driver runs this one from outside of it.
        _browser.ExecuteScript(File.ReadAllText(axe));
        object? found = _browser.ExecuteAsyncScript(
            """
            const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ["violations"] }).then(result => done(result.violations
              .filter(violation => violation.impact === "serious" || violation.impact === "critical")
              .flatMap(violation => violation.nodes.map(node => `${violation.id}: ${node.html}`))));
            """);
        return [.. ((IReadOnlyCollection<object>)found!).Select(finding => (string)finding)];
    }

    public void ChooseTheme(string theme) =>
        _browser.ExecuteScript("localStorage.setItem('theme', arguments[0]); document.documentElement.setAttribute('data-theme', arguments[0])", theme);

    public void Resize(int width, int height) => _browser.Manage().Window.Size = new Size(width, height);

    public int WidthOverflow() => (int)Ask<long>("return document.documentElement.scrollWidth - document.documentElement.clientWidth");

    public void Photograph(string file) => ((ITakesScreenshot)_browser).GetScreenshot().SaveAsFile(file);

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _browser.Dispose();
    }

    private IReadOnlyList<string> AskAll(string selector, string of) =>
        [.. Ask<IReadOnlyCollection<object>>($"return [...document.querySelectorAll(\"{selector}\")].map(e => {of})").Select(answer => (string)answer)];

    private T Ask<T>(string script) => (T)_browser.ExecuteScript(script)!;

    /// <summary>A live page may replace what was just found; then it is looked for again.</summary>
    private bool Read(Func<IWebElement, bool> question)
    {
        try
        {
            return question(Page);
        }
        catch (StaleElementReferenceException)
        {
            return false;
        }
    }
}
