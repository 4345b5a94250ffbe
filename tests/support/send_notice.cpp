// For tests: one notice, read as JSON from stdin, delivered once or written down as it would be shown.
// usage: send_notice CONFIG mail ADDRESS [NAME] | webhook NAME | probe | text | html FOLDER | body FORMAT
// Prints {"delivery", "words", "retry_after"} where something was sent.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "config/config.hpp"
#include "daemon/cli/json.hpp"
#include "daemon/notify/mail.hpp"
#include "daemon/notify/sending.hpp"
#include "daemon/notify/webhook_body.hpp"

using namespace baselined;
using namespace baselined::daemon;
namespace asio = boost::asio;

namespace {

int run(asio::io_context& io, asio::awaitable<DeliveryOutcome> delivery) {
    std::optional<DeliveryOutcome> outcome;
    asio::co_spawn(io, std::move(delivery), [&](std::exception_ptr thrown, DeliveryOutcome came) {
        if (thrown) std::rethrow_exception(thrown);
        outcome = std::move(came);
    });
    io.run();
    constexpr std::array names{"arrived", "retry", "dead", "disabled"};
    Json json;
    json.object();
    json.key("delivery").text(names[static_cast<std::size_t>(outcome->delivery)]);
    json.key("words").text(outcome->words);
    json.key("retry_after")
        .number(outcome->retry_after ? std::optional<double>(outcome->retry_after->count()) : std::nullopt);
    json.end_object();
    std::cout << json.str() << "\n";
    return 0;
}

/// The page with its charts as files beside it, to be looked at.
int write_page(const Notice& notice, const std::string& folder) {
    const auto mail = mail_of(notice, {"baselined@acme.example", ""}, {"", "owner@acme.example"});
    std::string html = mail.html;
    for (std::size_t i = 0; i < mail.pictures.size(); ++i) {
        const std::string name = "chart" + std::to_string(i) + ".png",
                          cid = "cid:" + mail.pictures[i].content_id;
        std::ofstream(folder + "/" + name, std::ios::binary) << mail.pictures[i].bytes;
        html.replace(html.find(cid), cid.size(), name);
    }
    std::ofstream(folder + "/mail.html") << html;
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    const config::Loaded loaded = config::load(words.at(0));
    if (!loaded.problems.empty()) {
        std::cerr << config::print(loaded.problems, loaded.files);
        return 78;
    }
    const config::Alerts alerts = loaded.configuration.alerts.value();
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    const Notice notice = words.at(1) == "probe" ? Notice{} : notice_from_json(text).value();
    asio::io_context io;
    connectors::HttpClient http(io);
    connectors::MailClient mail;
    if (words[1] == "mail")
        return run(io, send_mail(mail, alerts, {words.size() > 3 ? words[3] : "", words.at(2)}, notice));
    if (words[1] == "probe") return run(io, probe_smtp(mail, alerts.smtp.value()));
    if (words[1] == "text") std::cout << plain_text_of(notice, 20);
    if (words[1] == "html") return write_page(notice, words.at(2));
    for (const config::Webhook& webhook : alerts.webhooks) {
        if (words[1] == "webhook" && webhook.name == words.at(2))
            return run(io, send_webhook(http, webhook, notice));
        if (words[1] == "body" && webhook.name == words.at(2))
            std::cout << webhook_body(notice, webhook.format,
                                      std::chrono::floor<mappings::Millis>(std::chrono::system_clock::now()));
    }
    return 0;
}
