#include "config/config.hpp"
#include "config/schema/tables.hpp"

namespace baselined::config::schema {

std::vector<NamedShape> main_shapes() {
    const Configuration standard;
    return {
        {"main",
         "The main file, `baselined.yaml`: it names the rest. Every path in it is relative to it. In any "
         "value of it "
         "`${NAME}` stands for an environment variable, `${file:PATH}` for a file's first line and "
         "`${credential:NAME}` for a systemd credential.",
         map({
             {"timezone", "time zone", "Periods begin at local midnight here.", otherwise("UTC")},
             {"store", "path", "The SQLite file for what was read and computed. Another one needs a restart.",
              otherwise(standard.store)},
             {"settle", "duration",
              "A period is settled this long after its end: until then late records may still change it.",
              otherwise(text_of(standard.settle))},
             {"give_up", "duration",
              "How long `once` repeats what fails at a source before it goes on without it.",
              otherwise(text_of(Source{}.give_up))},
             {"indicators", some_of("glob"), "Files with indicators of your own, besides the shipped ones.",
              optional},
             {"measures", some_of("glob"), "Files with the measures.", optional},
             {"web", "web", "The listener for metrics and health. Without it nothing listens.", optional},
             {"retention", "retention", "How long is kept what no figure needs. Without it: for ever.",
              optional},
             {"sources", names_of("name", "source"), "What is read, by a name of your choice.", required},
             {"alerts", "alerts", "Who is told of what. Without it nobody is told and nothing queues.",
              optional},
         })},
        {"retention", "How long is kept what no figure needs.",
         map({
             {"raw", "duration",
              "Rows as the sources said them. Their records and figures stay, but a mapping that changes "
              "later no "
              "longer reaches them. A day or longer.",
              optional},
             {"history", "duration",
              "Changes of statuses but the last, what was delivered, how periods filled up. A day or longer.",
              optional},
         })},
        {"web", "Metrics and health.",
         map({
             {"listen", "listener",
              "Where /metrics, /health and /ready are served. Nobody logs in: keep it on loopback.",
              otherwise(Web{}.listen)},
             {"heartbeat", "secret address", "A URL that is asked for once a minute while all is well.",
              optional},
         })},
    };
}

}  // namespace baselined::config::schema
