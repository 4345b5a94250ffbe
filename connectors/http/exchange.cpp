#include "connectors/http/exchange.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "mappings/record/time.hpp"

namespace baselined::connectors {

namespace asio = boost::asio;

namespace {

constexpr int most_redirects = 5;
constexpr long status_too_many = 429;
/// A token may be revoked while it is used, and so may the one that follows it; a third that is refused says
/// that the login is.
constexpr int most_renewals = 2;
constexpr milliseconds between_renewals{1'000};

/// Jira wants to see a person before it looks at the login again: each try makes it worse.
bool wants_person(const Response& answer) {
    return answer.header("X-Seraph-LoginReason").find("AUTHENTICATION_DENIED") != std::string_view::npos ||
           !answer.header("X-Authentication-Denied-Reason").empty();
}

/// Jira answers an expired token with 200 and nothing in it, or a login page, and a locked account with 403.
bool denies_login(const Response& answer) {
    const auto reason = answer.header("X-Seraph-LoginReason");
    return (!reason.empty() && reason.find("OK") == std::string_view::npos) ||
           (answer.status == 403 && !answer.header("X-Authentication-Denied-Reason").empty());
}

/// What Jira refuses may come with any status: then its headers name the reason.
std::string_view reason_of(const Response& answer) {
    for (const char* name : {"X-Seraph-LoginReason", "X-Authentication-Denied-Reason"})
        if (const auto reason = answer.header(name); !reason.empty() && reason != "OK")
            return reason.substr(0, reason.find(';'));
    return "401";
}

std::string refusal_of(const std::string& url, const Response& answer, const std::string& hint) {
    std::string text = fmt::format("{}: the login is refused ({})", url, reason_of(answer));
    if (wants_person(answer))
        return text +
               ": after too many wrong ones the site wants a CAPTCHA solved. Log in once in a browser as "
               "this account, then reload";
    return hint.empty() ? text : text + ": " + hint;
}

/// Without the query, and without a name and password.
std::string shown(std::string_view url) {
    const std::size_t path = url.find('/', std::min(url.find("://") + 3, url.size()));
    const std::size_t query = std::min(url.find('?'), url.size());
    return origin_of(url) + std::string(path < query ? url.substr(path, query - path) : std::string_view{});
}

}  // namespace

Exchange::Exchange(asio::io_context& io, HttpClient& client, Connection connection, Login login,
                   ExchangeMemory memory)
    : io_(io),
      client_(client),
      connection_(std::move(connection)),
      login_(std::move(login)),
      memory_(std::move(memory)),
      changed_(io, asio::steady_timer::time_point::max()) {
    wait_until(memory_.paused_until_ms);
    token_.refresh = memory_.refresh_token.empty() ? login_.refresh_token : memory_.refresh_token;
}

std::int64_t Exchange::steady_ms() {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::string Exchange::shown_time(std::int64_t ms) {
    return mappings::format_rfc3339(mappings::Instant{milliseconds{ms / 1000 * 1000}});
}

std::int64_t Exchange::now_ms() {
    return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

void Exchange::wait_until(std::int64_t until_ms) {
    // What was stored before the clock was set back by days is no order of the source's.
    constexpr milliseconds longest = std::chrono::hours{24};
    told_until_ms_ = until_ms;
    paused_until_ = std::chrono::steady_clock::now() +
                    std::min(milliseconds{std::max<std::int64_t>(until_ms - now_ms(), 0)}, longest);
}

milliseconds Exchange::told_to_wait() const {
    return std::chrono::ceil<milliseconds>(paused_until_ - std::chrono::steady_clock::now());
}

Secrets Exchange::secrets() const {
    Secrets secrets = secrets_of(login_, token_);
    secrets.add_login_in(connection_.proxy);
    return secrets;
}

std::string Exchange::told(std::string_view words) const {
    return connectors::told(words, secrets().that_are_no_words(), std::string::npos);
}

void Exchange::tell_trouble(const std::optional<std::string>& trouble) const {
    if (trouble_observer_) trouble_observer_(trouble);
}

asio::awaitable<void> Exchange::end_outage() {
    outage_.note_answer();
    if (memory_.outage.empty()) co_return;
    memory_.outage.clear();
    if (memory_.store_outage) co_await memory_.store_outage({});
}

asio::awaitable<void> Exchange::note_answer() {
    if (!is_refused()) tell_trouble(std::string{});
    co_await end_outage();
}

asio::awaitable<void> Exchange::note_failure(std::string why) {
    const bool is_news = outage_.note_failure(told(why));
    if (outage_.reason().empty()) co_return;
    tell_trouble(outage_.reason() + "; asked again until it answers well");
    if (!is_news) co_return;
    memory_.outage = outage_.reason();
    if (memory_.store_outage) co_await memory_.store_outage(memory_.outage);
}

asio::awaitable<void> Exchange::sleep(milliseconds pause) {
    asio::steady_timer timer(io_, pause);
    co_await timer.async_wait(asio::use_awaitable);
}

Exchange::Renewal::Renewal(Exchange& exchange) : exchange_(exchange) {
    exchange_.is_renewing_ = true;
}

Exchange::Renewal::~Renewal() {
    exchange_.is_renewing_ = false;
    exchange_.changed_.cancel();
}

Exchange::Place::~Place() {
    exchange_.free_place();
}

void Exchange::free_place() {
    --in_flight_;
    changed_.cancel();
}

/// Waits until the source may be asked, and takes a place; not longer than the deadline.
asio::awaitable<Result<void>> Exchange::take_turn(std::string url, Deadline deadline) {
    for (;;) {
        if (is_refused()) co_return Error{ErrorCode::bad_input, refusal_.reason()};
        if (const milliseconds wait = told_to_wait(); wait.count() > 0) {
            if (std::chrono::steady_clock::now() + wait > deadline) co_return waits(url);
            co_await sleep(wait);
            continue;
        }
        if (in_flight_ >= (is_accepted() ? concurrent : 1)) {
            boost::system::error_code ignored;
            co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            continue;
        }
        if (!circuit_.lets_through(steady_ms())) co_return is_cut_off(url);
        ++in_flight_;
        co_return Result<void>{};
    }
}

/// The same words each time that it is tried, so that they are told once.
Error Exchange::waits(std::string_view url) const {
    return {ErrorCode::unavailable,
            fmt::format("{}: told to wait: it is left alone until {}, longer than can be waited for now",
                        origin_of(url), shown_time(told_until_ms_))};
}

Error Exchange::is_cut_off(std::string_view url) const {
    return {ErrorCode::unavailable,
            fmt::format("{}: has failed again and again, and is asked once a minute only; the last time: {}",
                        origin_of(url), last_failure_)};
}

/// As it is, told to the observer: so are requests for tokens and redirects that are followed.
asio::awaitable<Result<Response>> Exchange::send(Request request) {
    const auto sent_at = std::chrono::steady_clock::now();
    auto answer = co_await client_.send(request, connection_);
    // What was stopped on its way says nothing of the source.
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
    const long status = answer ? answer->status : 0;
    if (observer_)
        observer_({request.method + " " + shown(request.url), status,
                   std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - sent_at)});
    co_return answer;
}

/// One attempt; what the request itself takes for a failure is one.
asio::awaitable<Result<Response>> Exchange::try_once(Request request, std::string& sent_token) {
    Place place(*this);  // given back whatever happens, a stop in the middle included
    auto answer = co_await attempt(request, sent_token);
    if (answer)
        if (const auto told = told_pause(*answer, now_ms())) co_await pause(*told);
    if (answer && !answer->is_ok()) answer->body = secrets().hide(std::move(answer->body));
    if (answer && answer->is_ok() && request.refusal)
        if (auto refused = request.refusal(*answer)) answer = std::move(*refused);
    co_return answer;
}

asio::awaitable<Result<Response>> Exchange::call(Request request) {
    const Deadline deadline = std::chrono::steady_clock::now() + give_up_;
    for (int number = 1;; ++number) {
        if (auto turn = co_await take_turn(request.url, deadline); !turn) co_return turn.error();
        std::string sent_token;
        const std::int64_t sent_ms = steady_ms();
        auto answer = co_await try_once(request, sent_token);
        // With the token came the word to wait: nothing was sent yet.
        if (!answer && sent_token.empty() && told_to_wait().count() > 0) continue;
        if (answer && answer->status == 401) {
            circuit_.note_success();
            if (token_.access == sent_token) {  // else somebody has a new one already
                token_.access.clear();
                ++refused_tokens_;
            }
            if (login_.by != Login::By::oauth2 || refused_tokens_ > most_renewals || wants_person(*answer)) {
                const auto kind = wants_person(*answer) ? Refusal::Kind::lasts : Refusal::Kind::may_pass;
                const std::string hint = login_.by == Login::By::basic ? request.refusal_hint : "";
                std::string reason = refusal_of(origin_of(request.url), *answer, hint);
                co_return co_await refuse(std::move(reason), kind);
            }
            if (refused_tokens_ > 1) co_await sleep(between_renewals);
            continue;
        }
        if (answer && request.is_final && request.is_final(*answer)) {
            circuit_.note_success();
            if (answer->status < 500) {
                lone_places_.note_answer(shown(request.url), sent_ms);
                co_await note_answer();
            }
            co_return answer;
        }
        const Error error = answer ? Error{} : answer.error();
        const double chance = std::uniform_real_distribution<>(0, 1)(random_);
        const Verdict verdict =
            judge({number, answer ? &*answer : nullptr, &error, request.is_idempotent, now_ms(), chance});
        if (verdict.next == Verdict::Next::take) {
            circuit_.note_success();
            lone_places_.note_answer(shown(request.url), sent_ms);
            if (!request.is_public) {
                note_accepted();
                co_await note_answer();
            }
            co_return answer;
        }
        last_failure_ = verdict.reason;
        bool is_alone = false;
        if (answer ? answer->status != status_too_many : is_retryable(error.code)) {
            is_alone = lone_places_.note_failure(shown(request.url), steady_ms());
            std::string why = error.text;
            if (answer) why = fmt::format("{} {}: {}", request.method, shown(request.url), verdict.reason);
            if (!is_alone) co_await note_failure(std::move(why));
        } else if (!answer && !is_refused()) {
            tell_trouble(std::nullopt);
            co_await end_outage();
        }
        if (verdict.is_told_to_wait)
            co_await pause(verdict.pause);
        else if (!is_alone || circuit_.state() != Circuit::State::closed)
            circuit_.note_failure(steady_ms());
        const bool is_late = std::chrono::steady_clock::now() + verdict.pause > deadline;
        if (verdict.next == Verdict::Next::fail || is_late) {
            if (verdict.is_told_to_wait) co_return waits(request.url);
            if (circuit_.state() != Circuit::State::closed) co_return is_cut_off(request.url);
            co_return answer;  // its words say more than ours
        }
        if (!verdict.is_told_to_wait) co_await sleep(verdict.pause);
    }
}

asio::awaitable<void> Exchange::pause(milliseconds told) {
    if (circuit_.state() != Circuit::State::closed) circuit_.note_success();  // somebody is there
    if (told <= told_to_wait()) co_return;  // of several answers on their way the longest word holds
    const std::int64_t until = now_ms() + told.count();
    wait_until(until);
    if (memory_.store_pause) co_await memory_.store_pause(until);
}

asio::awaitable<Result<Response>> Exchange::attempt(Request request, std::string& sent_token) {
    auto login = co_await login_headers();
    if (!login) co_return login.error();
    if (told_to_wait().count() > 0) co_return waits(request.url);
    sent_token = token_.access;
    Request sent = request;
    sent.headers.insert(sent.headers.end(), login->begin(), login->end());
    auto answer = co_await send(sent);
    if (!answer) co_return answer.error();
    if (!denies_login(*answer) && answer->status >= 300 && answer->status < 400)
        answer = co_await follow(std::move(sent), std::move(*answer));
    if (answer && denies_login(*answer)) answer->status = 401;
    co_return answer;
}

/// Only within the same scheme, host and port: the login goes nowhere else.
asio::awaitable<Result<Response>> Exchange::follow(Request request, Response response) {
    for (int count = 0; count < most_redirects; ++count) {
        const std::string place(response.header("Location"));
        const std::string target = place.empty() ? "" : resolved(request.url, place);
        if (target.empty())
            co_return Error{
                ErrorCode::bad_input,
                fmt::format("{}: answered {}, a redirect that leads nowhere{}", shown(request.url),
                            response.status, place.empty() ? ": it has no Location" : "")};
        const std::string here = resolved(request.url, request.url);
        if (origin_of(target) != origin_of(here))
            co_return Error{ErrorCode::bad_input,
                            fmt::format("{}: is redirected to {}, where the login must not go: mend `url`",
                                        shown(request.url), origin_of(target))};
        if (request.method != "GET")
            co_return Error{ErrorCode::bad_input,
                            fmt::format("{}: a {} is redirected to {}: mend `url`", shown(request.url),
                                        request.method, shown(target))};
        request.url = target;
        auto answer = co_await send(request);
        if (!answer || answer->status < 300 || answer->status >= 400) co_return answer;
        response = std::move(*answer);
    }
    co_return Error{ErrorCode::bad_input, fmt::format("{}: is redirected in a circle", shown(request.url))};
}

}  // namespace baselined::connectors
