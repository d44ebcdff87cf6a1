// The outbound client against servers that behave as each test scripts them, on plain sockets and on TLS.
#include "net/client/http_client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace leadlight::net {
namespace {

/// Accepts connections on a free port of the loopback and runs `script` on each, every one on a thread of its own.
class ScriptedServer {
 public:
  using Script = std::function<void(int socket, int connection)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept_all(); });
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    for (auto& thread : threads_) thread.join();
    for (const int socket : sockets_) ::close(socket);
    ::close(listener_);
  }

  [[nodiscard]] std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void accept_all() {
    for (;;) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      const int number = ++connections_;
      sockets_.push_back(socket);
      threads_.emplace_back([this, socket, number] {
        script_(socket, number);
        ::shutdown(socket, SHUT_RDWR);
      });
    }
  }

  Script script_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::vector<int> sockets_;          // used by the accepting thread, and after it has ended
  std::vector<std::thread> threads_;  // likewise
  std::thread thread_;
};

/// One request without its body's tail: header, and as much body as Content-Length says. Empty: the peer closed.
std::string read_request(int socket) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const auto end = text.find("\r\n\r\n");
    if (end != std::string::npos) {
      const auto mark = text.find("Content-Length: ");
      const auto length = mark == std::string::npos || mark > end ? 0 : std::stoul(text.substr(mark + 16));
      if (text.size() >= end + 4 + length) return text;
    }
    const auto got = ::recv(socket, buffer, sizeof buffer, 0);
    if (got <= 0) return {};
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

void send_text(int socket, const std::string& text) {
  ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
}

std::string ok(const std::string& body, const std::string& more = {}) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more + "\r\n" + body;
}

void serve_all(int socket, int) {
  for (;;) {
    const auto request = read_request(socket);
    if (request.empty()) return;
    send_text(socket, ok(request.substr(0, request.find("\r\n"))));
  }
}

OutboundRequest get(std::string url) {
  OutboundRequest request;
  request.method = "GET";
  request.url = std::move(url);
  request.deadline = engine::Milliseconds{5'000};
  return request;
}

TEST(HttpClient, SendsMethodTargetHeadersAndBodyAndReadsTheAnswer) {
  std::promise<std::string> seen;
  ScriptedServer server([&](int socket, int) {
    seen.set_value(read_request(socket));
    send_text(socket, ok("hello", "X-Answer: Yes\r\nConnection: close\r\n"));
  });
  const auto client = HttpClient::make();
  auto request = get(server.url("/a?b=c#d"));
  request.method = "PATCH";
  request.headers = {{"X-Own", "1"}};
  request.body = "body";
  const auto answer = client->send_and_wait(request);
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->header("x-answer"), "Yes");
  EXPECT_EQ(answer->header("x-none"), "");
  const auto text = seen.get_future().get();
  EXPECT_EQ(text.rfind("PATCH /a?b=c HTTP/1.1\r\n", 0), 0U);
  EXPECT_NE(text.find("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"), std::string::npos);
  EXPECT_NE(text.find("X-Own: 1\r\n"), std::string::npos);
  EXPECT_EQ(text.substr(text.size() - 8), "\r\n\r\nbody");
}

TEST(HttpClient, KeepsConnectionsAndOpensNoMoreThanAllowed) {
  ScriptedServer server(serve_all);
  const auto client = HttpClient::make(2);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client->send_and_wait(get(server.url())));
  EXPECT_EQ(server.connections(), 1);
  std::vector<std::future<bool>> answers;
  for (int i = 0; i < 20; ++i) {
    auto promise = std::make_shared<std::promise<bool>>();
    answers.push_back(promise->get_future());
    client->send(get(server.url()),
                 [promise](engine::Result<OutboundAnswer> answer) { promise->set_value(answer.ok()); });
  }
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_LE(server.connections(), 2);
}

TEST(HttpClient, ARequestOnAConnectionThatThePeerClosedGoesOutAgain) {
  // The first connection answers once, then swallows the second request and closes without a byte.
  std::atomic<int> swallowed{0};
  ScriptedServer server([&](int socket, int connection) {
    if (connection != 1) return serve_all(socket, connection);
    read_request(socket);
    send_text(socket, ok("first"));
    if (!read_request(socket).empty()) ++swallowed;
  });
  const auto client = HttpClient::make();
  ASSERT_TRUE(client->send_and_wait(get(server.url())));
  const auto again = client->send_and_wait(get(server.url("/again")));
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(again->body, "GET /again HTTP/1.1");
  EXPECT_EQ(swallowed, 1);
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, APostThatMayHaveBeenTakenIsNotRepeated) {
  ScriptedServer server([](int socket, int connection) {
    if (connection != 1) return serve_all(socket, connection);
    read_request(socket);
    send_text(socket, ok("first"));
    read_request(socket);
  });
  const auto client = HttpClient::make();
  ASSERT_TRUE(client->send_and_wait(get(server.url())));
  auto post = get(server.url());
  post.method = "POST";
  post.body = "x";
  const auto answer = client->send_and_wait(post);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, engine::Errc::unavailable);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, AnIdleConnectionThatWasClosedIsReplacedEvenForAPost) {
  std::promise<void> closed;
  ScriptedServer server([&](int socket, int connection) {
    if (connection != 1) return serve_all(socket, connection);
    read_request(socket);
    send_text(socket, ok("first"));
    ::shutdown(socket, SHUT_RDWR);
    closed.set_value();
  });
  const auto client = HttpClient::make();
  ASSERT_TRUE(client->send_and_wait(get(server.url())));
  closed.get_future().get();
  auto post = get(server.url());
  post.method = "POST";
  EXPECT_TRUE(client->send_and_wait(post));
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, TheDeadlineEndsARequestThatGetsNoAnswer) {
  ScriptedServer server([](int socket, int) {
    while (!read_request(socket).empty()) {
    }
  });
  const auto client = HttpClient::make(1);
  auto request = get(server.url());
  request.deadline = engine::Milliseconds{100};
  const auto answer = client->send_and_wait(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, engine::Errc::unavailable);
  EXPECT_NE(answer.error().what.find("within 100 ms"), std::string::npos);
}

TEST(HttpClient, TheDeadlineCountsTheWaitForAConnection) {
  ScriptedServer server([](int socket, int) {
    while (!read_request(socket).empty()) {
    }
  });
  const auto client = HttpClient::make(1);
  auto first = get(server.url());
  first.deadline = engine::Milliseconds{2'000};
  std::promise<void> ended;
  client->send(first, [&](const engine::Result<OutboundAnswer>&) { ended.set_value(); });
  auto second = get(server.url());
  second.deadline = engine::Milliseconds{50};
  EXPECT_FALSE(client->send_and_wait(second));
  client->stop();
  ended.get_future().get();
}

TEST(HttpClient, AnAnswerThatIsTooLargeIsRefused) {
  ScriptedServer server([](int socket, int) {
    read_request(socket);
    send_text(socket, ok(std::string(2'000, 'x')));
  });
  const auto client = HttpClient::make();
  auto request = get(server.url());
  request.answer_bytes_max = 1'000;
  const auto answer = client->send_and_wait(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, engine::Errc::too_large);
}

TEST(HttpClient, RedirectsAreAnswersAndInterimAnswersAreNot) {
  ScriptedServer server([](int socket, int) {
    read_request(socket);
    send_text(socket,
              "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: "
              "0\r\n\r\n");
    read_request(socket);
  });
  const auto client = HttpClient::make();
  const auto answer = client->send_and_wait(get(server.url()));
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->status, 302);
}

TEST(HttpClient, RefusesWhatIsNoRequest) {
  const auto client = HttpClient::make();
  for (const auto* url :
       {"", "example.com", "ftp://example.com/", "http://", "http:///x", "http://a b/", "http://host:0/",
        "http://host:99999/", "http://host:x/", "http://user:secret@host/", "http://[::1/", "http://h/\r\nX: y"}) {
    const auto answer = client->send_and_wait(get(url));
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().code, engine::Errc::invalid) << url;
  }
  auto request = get("http://127.0.0.1:1/");
  request.headers = {{"X", "a\r\nInjected: b"}};
  EXPECT_EQ(client->send_and_wait(request).error().code, engine::Errc::invalid);
}

TEST(HttpClient, EverybodyWhoAsksForANameLearnsWhereItLeads) {
  ScriptedServer server(serve_all);
  const auto client = HttpClient::make(8);
  std::vector<std::future<engine::Result<OutboundAnswer>>> answers;
  for (int i = 0; i < 8; ++i) {
    auto promise = std::make_shared<std::promise<engine::Result<OutboundAnswer>>>();
    answers.push_back(promise->get_future());
    client->send(get("http://localhost:" + std::to_string(server.port()) + "/"),
                 [promise](engine::Result<OutboundAnswer> answer) { promise->set_value(std::move(answer)); });
  }
  for (auto& one : answers) {
    const auto answer = one.get();
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->status, 200);
  }
  const auto nowhere = client->send_and_wait(get("http://nowhere.invalid/"));
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, engine::Errc::unavailable);
}

TEST(HttpClient, ARefusedConnectionIsUnavailable) {
  const auto client = HttpClient::make();
  const auto answer = client->send_and_wait(get("http://127.0.0.1:1/secret?email=a@example.com"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, engine::Errc::unavailable);
  EXPECT_EQ(answer.error().what.find("secret"), std::string::npos);  // paths carry addresses
}

TEST(HttpClient, StopEndsWhatIsUnderWayAndWhatComesAfter) {
  std::promise<void> arrived;
  ScriptedServer server([&](int socket, int) {
    read_request(socket);
    arrived.set_value();
    read_request(socket);
  });
  const auto client = HttpClient::make();
  std::promise<engine::Result<OutboundAnswer>> promise;
  client->send(get(server.url()), [&](engine::Result<OutboundAnswer> answer) { promise.set_value(std::move(answer)); });
  std::promise<void> task;
  client->after(engine::Milliseconds{600'000}, [&] { task.set_value(); });
  arrived.get_future().get();
  client->stop();
  EXPECT_EQ(promise.get_future().get().error().code, engine::Errc::unavailable);
  task.get_future().get();  // not left waiting
  EXPECT_EQ(client->send_and_wait(get(server.url())).error().code, engine::Errc::unavailable);
  client->stop();
}

TEST(HttpClient, RunsTasksAfterTheirDelayOnItsOwnThread) {
  const auto client = HttpClient::make();
  std::promise<std::thread::id> first;
  std::promise<std::thread::id> second;
  client->after(engine::Milliseconds{20}, [&] { second.set_value(std::this_thread::get_id()); });
  client->after(engine::Milliseconds{0}, [&] { first.set_value(std::this_thread::get_id()); });
  const auto id = first.get_future().get();
  EXPECT_EQ(id, second.get_future().get());
  EXPECT_NE(id, std::this_thread::get_id());
}

// ---- TLS

struct Identity {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{nullptr, EVP_PKEY_free};
  std::unique_ptr<X509, decltype(&X509_free)> certificate{nullptr, X509_free};
};

Identity self_signed(const std::string& names) {
  Identity identity;
  identity.key.reset(EVP_RSA_gen(2048U));
  identity.certificate.reset(X509_new());
  auto* certificate = identity.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, identity.key.get());
  auto* name = X509_get_subject_name(certificate);
  const unsigned char common[] = "leadlight test";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  for (const auto& [kind, value] :
       {std::pair{NID_subject_alt_name, names}, {NID_basic_constraints, std::string("CA:TRUE")}}) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(certificate, identity.key.get(), EVP_sha256());
  return identity;
}

class HttpClientTls : public testing::Test {
 protected:
  /// What a client that trusts the identity (or does not) gets from a server that shows it.
  engine::Result<OutboundAnswer> ask(const Identity& identity, bool trusted, const std::string& host) {
    const auto file = std::filesystem::path(testing::TempDir()) / "leadlight_http_client_test.pem";
    if (trusted) {
      const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_file(file.c_str(), "w"), BIO_free);
      PEM_write_bio_X509(bio.get(), identity.certificate.get());
    } else {
      std::ofstream(file) << "";
    }
    ::setenv("SSL_CERT_FILE", file.c_str(), 1);
    const auto client = HttpClient::make();
    ::unsetenv("SSL_CERT_FILE");
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to the socket of a client that refused the certificate
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
    ScriptedServer server([&](int socket, int) {
      const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), SSL_free);
      SSL_set_fd(tls.get(), socket);
      if (SSL_accept(tls.get()) != 1) return;
      const auto* sni = SSL_get_servername(tls.get(), TLSEXT_NAMETYPE_host_name);
      sni_ = sni == nullptr ? "" : sni;
      char buffer[4096];
      while (SSL_read(tls.get(), buffer, sizeof buffer) > 0) {
        const auto text = ok("sealed");
        SSL_write(tls.get(), text.data(), static_cast<int>(text.size()));
      }
    });
    auto request = get("https://" + host + ":" + std::to_string(server.port()) + "/");
    auto answer = client->send_and_wait(request);
    if (answer) {
      const auto again = client->send_and_wait(request);  // the pool keeps TLS connections too
      EXPECT_TRUE(again);
      EXPECT_EQ(server.connections(), 1);
    }
    client->stop();
    return answer;
  }

  std::string sni_;
};

TEST_F(HttpClientTls, TrustsAKnownCertificateOfThatNameAndSendsTheName) {
  const auto answer = ask(self_signed("DNS:localhost"), true, "localhost");
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->body, "sealed");
  EXPECT_EQ(sni_, "localhost");
}

TEST_F(HttpClientTls, ChecksAddressesAgainstTheCertificateToo) {
  const auto answer = ask(self_signed("IP:127.0.0.1"), true, "127.0.0.1");
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(sni_, "");
}

TEST_F(HttpClientTls, RefusesAnotherName) {
  const auto answer = ask(self_signed("DNS:example.com"), true, "localhost");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, engine::Errc::unavailable);
}

TEST_F(HttpClientTls, RefusesAnUnknownCertificate) {
  EXPECT_FALSE(ask(self_signed("DNS:localhost"), false, "localhost"));
}

}  // namespace
}  // namespace leadlight::net
