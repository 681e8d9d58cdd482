#include "tools/cli.h"

int main(int argc, char** argv) {
  return mixgraph::run_command_line(argc, argv);
}
