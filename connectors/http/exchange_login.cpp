// Of an exchange: its login accepted and refused, its tokens renewed.
#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "connectors/http/exchange.hpp"

namespace baselined::connectors {

namespace asio = boost::asio;

namespace {

/// A token is renewed so long before it runs out: a request may take its time.
constexpr std::int64_t renew_before_ms = 30'000;
/// A login that was good so long ago may have been changed since.
constexpr std::chrono::seconds accepted_for{20};

}  // namespace

asio::awaitable<Error> Exchange::refuse(std::string text, Refusal::Kind kind) {
    text = told(text);
    Error error{ErrorCode::bad_input, text};
    refusal_.note_refused(std::move(text), kind, steady_ms());
    accepted_at_.reset();
    co_await end_outage();  // somebody has answered
    std::string trouble = refusal_.reason();
    if (const auto next = refusal_.next_try_ms()) {
        const std::int64_t at_ms = now_ms() + *next - steady_ms();
        trouble += fmt::format("; it was accepted before, and is tried once more at {}", shown_time(at_ms));
    } else if (kind == Refusal::Kind::may_pass) {
        trouble += "; not tried again before a reload";
    }
    tell_trouble(trouble);
    co_return error;
}

bool Exchange::is_refused() const {
    return refusal_.holds(steady_ms());
}

/// Whoever waits for the outcome may go now.
void Exchange::note_accepted() {
    const bool is_new = !is_accepted();
    refused_tokens_ = 0;
    refusal_.note_accepted(steady_ms());
    accepted_at_ = std::chrono::steady_clock::now();
    if (is_new) changed_.cancel();
}

bool Exchange::is_accepted() const {
    return accepted_at_ && std::chrono::steady_clock::now() - *accepted_at_ < accepted_for;
}

asio::awaitable<Result<Headers>> Exchange::login_headers() {
    if (login_.by != Login::By::oauth2) co_return plain_headers(login_);
    boost::system::error_code ignored;
    while (token_.access.empty() ||
           (token_.expires_at_ms > 0 && token_.expires_at_ms - renew_before_ms < now_ms())) {
        if (is_refused()) co_return Error{ErrorCode::bad_input, refusal_.reason()};
        if (is_renewing_) {  // somebody is at it already
            co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            continue;
        }
        std::optional<Renewal> renewal(*this);  // ended whatever happens
        const auto renewed = co_await renew_token();
        renewal.reset();
        if (!renewed) co_return renewed.error();
    }
    co_return Headers{{"Authorization", "Bearer " + token_.access}};
}

asio::awaitable<Result<void>> Exchange::renew_token() {
    // A refresh token that is refused may be stale; the grant itself can still serve, unless it is all there
    // is.
    const bool has_other_way = login_.grant != Login::Grant::refresh_token;
    const bool refreshes = !token_.refresh.empty();
    const auto request = token_request(login_, token_.refresh, now_ms());
    if (!request) co_return co_await refuse(request.error().text, Refusal::Kind::may_pass);
    const auto answer = co_await send(*request);
    if (!answer) co_return answer.error();
    if (const auto told = told_pause(*answer, now_ms())) co_await pause(*told);
    auto token = parse_token(*answer, secrets(), now_ms());
    if (!token) {
        if (!is_retryable(token.error().code) && refreshes && has_other_way) {
            token_ = {};
            co_return Result<void>{};
        }
        const std::string text = origin_of(login_.token_url) + ": " + token.error().text;
        if (is_retryable(token.error().code)) co_return Error{token.error().code, text};
        co_return co_await refuse(text, Refusal::Kind::may_pass);
    }
    if (token->refresh.empty())
        token->refresh = login_.grant == Login::Grant::client_credentials ? "" : token_.refresh;
    if (token->refresh != token_.refresh) {
        token_.refresh = token->refresh;  // the one before is used up, even should this one not be stored
        if (memory_.store_refresh_token) co_await memory_.store_refresh_token(token_.refresh);
    }
    // An expiry in the past would have it renewed for ever.
    if (token->expires_at_ms <= now_ms() + renew_before_ms)
        token->expires_at_ms = now_ms() + 2 * renew_before_ms;
    token_ = std::move(*token);
    co_return Result<void>{};
}

}  // namespace baselined::connectors
