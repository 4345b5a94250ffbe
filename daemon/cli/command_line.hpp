// The program's command line.
#pragma once

namespace baselined::daemon {

/// Exit status: 0 done; 2 wrong usage; 78 bad configuration; 3 done, but a source failed; 1 anything else.
int run_command_line(int argc, char** argv);

}  // namespace baselined::daemon
