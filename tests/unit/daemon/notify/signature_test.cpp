#include "daemon/notify/signature.hpp"

#include "tests/support/catch.hpp"

using baselined::daemon::signatures;

// Expected values are of Python's hmac and base64:
//   base64.b64encode(hmac.new(key, b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + body,
//   hashlib.sha256).digest())

TEST_CASE("a body is signed as Standard Webhooks says") {
    const std::string id = "msg_p5jXN8AQM9LWM0D4loKWxJek", body = R"({"test": 2432232314})";
    const std::string known = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    // The example that the specification's own libraries test themselves with.
    CHECK(signatures({known}, id, 1614265330, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    CHECK(signatures({"plain secret"}, id, 1614265330, body) ==
          "v1,gke7k785FD6W2FuaDcrvG3sQcmFE9YVaaAmarK4oi68=");
    CHECK(signatures({known, "plain secret"}, id, 1614265330, body) ==
          "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,gke7k785FD6W2FuaDcrvG3sQcmFE9YVaaAmarK4oi68=");
    CHECK(signatures({"whsec_AQI"}, id, 1614265330, body) ==
          "v1,rgwKYWtY+iwxl6hyEW9PW7kTYE+OM2O+UJ96E6eejj8=");
    CHECK(signatures({}, id, 1614265330, body).empty());
}
