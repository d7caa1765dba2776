using Quintet.Manifest;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Quintet.Tests.Manifests;

/// <summary>What is wrong with a manifest is told with its line, everything at once.</summary>
public sealed class ManifestFaultTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string, string> Faults => new()
    {
        { "servces:\n", "1: servces: unknown key; did you mean 'services'?" },
        { "system: x\n", "1: 'services' is missing" },
        { "services: {}\nconsole: perhaps\n", "2: console: true, the default, or false" },
        { "services:\n  a:\n    command: x\n    route: /a\n", "4: services.a.route: unknown key; did you mean 'routes'?" },
        { "services:\n  a:\n    command: x\n    frobnicate: 1\n", "4: services.a.frobnicate: unknown key; known here: project, command," },
        { "services:\n  a:\n    project: nowhere\n", "3: services.a.project: there is no project 'nowhere'" },
        { "services:\n  a:\n    project: empty\n", "3: services.a.project: the folder 'empty' has no .csproj" },
        { "services:\n  a:\n    project: two\n", "3: services.a.project: the folder 'two' has 2 projects; name one of a.csproj, b.csproj" },
        { "services:\n  a:\n    routes: [/a]\n", "2: services.a: needs 'project'" },
        { "services:\n  a:\n    command: x\n    project: one\n", "2: services.a: has both 'project' and 'command'" },
        { "services:\n  Users:\n    command: x\n", "2: services.Users: a name has small letters" },
        { "services:\n  gateway:\n    command: x\n", "2: services.gateway: this name belongs to a part of Quintet" },
        { "services:\n  a:\n    command: x\n  a:\n    command: y\n", "4: services.a: stands there twice; first in line 2" },
        { "services:\n  a:\n    command: x\n    replicas: many\n", "4: services.a.replicas: 'many' is not a whole number from 0 to 64" },
        { "services:\n  a:\n    command: x\n    replicas: 65\n", "4: services.a.replicas: '65' is not a whole number" },
        { "services:\n  a:\n    command: x\n    replicas: \"2\"\n", "4: services.a.replicas: '2' is not a whole number" },
        { "services:\n  a:\n    command: x\n    routes: [a]\n", "4: services.a.routes: 'a': a route begins with '/'" },
        { "services:\n  a:\n    command: x\n    routes: [\"/{**rest}/b\"]\n",
            "4: services.a.routes: '/{**rest}/b': '{**rest}' takes everything that follows" },
        { "services:\n  a:\n    command: x\n    routes: [\"/{id\"]\n", "4: services.a.routes: '/{id': '{id' is neither text nor one parameter" },
        { "services:\n  a:\n    command: x\n    routes: [\"/a b\"]\n", "4: services.a.routes: '/a b': a route holds no blanks" },
        { "services:\n  a:\n    command: x\n    routes: [\"/{a}/{a}\"]\n", "4: services.a.routes: '/{a}/{a}': the parameter 'a' stands there twice" },
        {
            "services:\n  a:\n    command: x\n    routes: [\"/X/{id}\"]\n  b:\n    command: x\n    routes:\n      - /y\n      - /x/{other}/\n",
            "9: services.b.routes: '/x/{other}/' is a route of 'a' already, in line 4"
        },
        { "services:\n  a:\n    command: x\n    publishes: Created\n", "4: services.a.publishes: 'Created' is no event" },
        { "services:\n  a:\n    command: x\n    calls: [b]\n", "4: services.a.calls: there is no service 'b'; did you mean 'a'?" },
        { "services:\n  a:\n    command: x\n    calls: [a]\n", "4: services.a.calls: a service need not name itself" },
        { "services:\n  a:\n    command: 'x \"y'\n", "3: services.a.command: the quote \" is not closed" },
        { "services:\n  a:\n    command: ''\n", "3: services.a.command: there is no program to run" },
        { "services:\n  a:\n    command: [\"\"]\n", "3: services.a.command: there is no program to run" },
        { "services:\n  a:\n    command: {x: y}\n", "3: services.a.command: expected a text" },
        { "services:\n  a:\n    command: x\n    directory: nowhere\n", "4: services.a.directory: there is no folder 'nowhere'" },
        { "services:\n  a:\n    command: x\n    health: health\n", "4: services.a.health: 'health' is no path" },
        { "services:\n  a:\n    command: x\n    registers: me\n", "4: services.a.registers: 'me' is neither 'self' nor 'supervisor'" },
        { "services:\n  a:\n    command: x\n    environment:\n      AMQP_URL: x\n", "5: services.a.environment.AMQP_URL: is set by the supervisor" },
        { "services:\n  a:\n    command: x\n    environment:\n      a-b: x\n", "5: services.a.environment: 'a-b' cannot be the name of a variable" },
        { "services:\n  a: [x]\n", "2: services.a: expected keys and values" },
        { "services: {}\nengines:\n  broker: http://x\n", "3: engines.broker: 'http://x' is neither 'embedded' nor a URL such as amqp://" },
        { "services: {}\nengines:\n  broker: amqp://me:secret@x\n", "3: engines.broker: credentials do not belong here" },
        { "services: {}\nengines:\n  database: postgres\n", "3: engines.database: 'postgres' is neither 'sqlite' nor a URL such as postgres://" },
        { "services: {}\nengines:\n  database: mysql://x\n", "3: engines.database: 'mysql://x' is neither 'sqlite' nor a URL" },
        { "services: {}\nengines:\n  database: postgres://me:secret@x\n", "3: engines.database: credentials do not belong here" },
        { "services: {}\nengines:\n  database: postgres://x/mine\n", "3: engines.database: a server without a path" },
        {
            "system: a-name-that-has-all-of-forty-characters-\nservices:\n  another-name-of-so-many:\n    command: x\nengines:\n  database: postgres://x\n",
            "1: engines.database: 'a-name-that-has-all-of-forty-characters-_another-name-of-so-many' is longer than the 63 characters"
        },
        { "services: {}\nengines:\n  brokr: embedded\n", "3: engines.brokr: unknown key; did you mean 'broker'?" },
        { "services: {}\nports:\n  gateway: 70000\n", "3: ports.gateway: '70000' is not a whole number from 1 to 65535" },
        { "services: {}\nports:\n  gateway: 9000\n  registry: 9000\n", "4: ports.registry: 9000 is the port of 'gateway' already" },
        { "services: {}\nsystem: A B\n", "2: system: 'A B' is no name" },
        { "services: {}\nhistory:\n  age: long\n", "3: history.age: a number and one of Y, M, D, h, m, s, such as 30D" },
        { "services: {}\nhistory:\n  gigabytes: 0\n", "3: history.gigabytes: '0' is not a whole number from 1 to 1000000" },
        { "services: {}\nhistory:\n  days: 3\n", "3: history.days: unknown key; known here: age, gigabytes" },
        { "services: {}\nengines:\n  management: http://x\n", "1: engines.management: is that of engines.broker, and the broker is embedded" },
        { "services: [\n", "this is not YAML" },
        { "services: {}\n---\nservices: {}\n", "2: only one YAML document" },
        { "services: &a {}\nports: *a\n", "2: the alias '*a' is not understood here" },
        { "- a\n", "1: the manifest: expected keys and values" },
        { "", "1: the manifest is empty" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Each_fault_is_told_with_its_line(string text, string expected)
    {
        ManifestException fault = Assert.Throws<ManifestException>(() => Read(text));

        Assert.Contains(fault.Faults, line => line.StartsWith("quintet.yaml:", StringComparison.Ordinal)
            && line.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void All_faults_are_told_at_once_in_the_order_of_the_file()
    {
        ManifestException fault = Assert.Throws<ManifestException>(() => Read(
            """
            system: Bad Name
            services:
              a:
                command: x
                replicas: -1
                calls: [nobody]
              b:
                project: missing
            ports:
              gatway: 1
            """));

        Assert.Equal([1, 5, 6, 8, 10], fault.Faults.Select(line => int.Parse(line.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        FileNotFoundException fault = Assert.Throws<FileNotFoundException>(() => ManifestReader.Read(_folder["other.yaml"]));

        Assert.Contains("other.yaml", fault.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private SystemManifest Read(string text)
    {
        Directory.CreateDirectory(_folder["empty"]);
        foreach (string project in (string[])["two/a.csproj", "two/b.csproj", "one/one.csproj"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[project])!);
            File.WriteAllText(_folder[project], "<Project />");
        }

        File.WriteAllText(_folder["quintet.yaml"], text);
        return ManifestReader.Read(_folder["quintet.yaml"]);
    }
}
