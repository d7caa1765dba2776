namespace Quintet.Browser.Systems;

/// <summary>As long as it lives no mail can be written: a file stands where the folder was.</summary>
internal sealed class BrokenMail : IDisposable
{
    private readonly string _folder;
    private readonly string _away;

    public BrokenMail(string folder)
    {
        _folder = folder.TrimEnd(Path.DirectorySeparatorChar);
        _away = $"{_folder}.away";
        Directory.Move(_folder, _away);
        File.WriteAllText(_folder, "");
    }

    public void Dispose()
    {
        File.Delete(_folder);
        // The service may have made the folder anew at the same moment.
        Directory.CreateDirectory(_folder);
        foreach (string mail in Directory.GetFiles(_away)) File.Move(mail, Path.Combine(_folder, Path.GetFileName(mail)), overwrite: true);
        Directory.Delete(_away);
    }
}
