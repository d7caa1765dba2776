using Quintet.Commands;
using Quintet.Supervision.Processes;

// The exec step stands before every foreign program: it does its three system calls without the command line's machinery.
return args is [ExecStep.Word, ..] ? ExecStep.Run(args) : await CommandLine.RunAsync(args);
