// grpc_server ADDRESS [CERTIFICATE KEY]: gRPC C++'s asynchronous server with one completion queue and one thread,
// answering Null. An address of TLS takes the two files.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "null.grpc.pb.h"

namespace {

using apus::anchors::Anchor;
using apus::v1::SendRequest;
using apus::v1::SendResponse;

// One call at a time: waits for a request, answers it, waits for the next.
class Call {
public:
    Call(Anchor::AsyncService &service, grpc::ServerCompletionQueue &queue) : service(service), queue(queue) {
        await();
    }

    void completed(bool ok) {
        if (!ok || answered) {
            await();
        } else {
            answer();
        }
    }

private:
    void await() {
        answered = false;
        writer.reset();
        context.emplace();
        writer.emplace(&*context);
        service.RequestNull(&*context, &request, &*writer, &queue, &queue, this);
    }

    void answer() {
        static uint64_t last = 0;
        answered = true;
        response.set_id(++last);
        response.set_state(request.to().empty() ? apus::v1::STATE_FAILED : apus::v1::STATE_QUEUED);
        response.set_segments(1);
        response.set_encoding(apus::v1::ENCODING_GSM7);
        writer->Finish(response, grpc::Status::OK, this);
    }

    Anchor::AsyncService &service;
    grpc::ServerCompletionQueue &queue;
    std::optional<grpc::ServerContext> context;
    std::optional<grpc::ServerAsyncResponseWriter<SendResponse>> writer;
    SendRequest request;
    SendResponse response;
    bool answered = false;
};

std::string read_file(const char *path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

}  // namespace

int main(int argc, char **argv) {
    std::string address = argc > 1 ? argv[1] : "";
    const std::string kind = address.substr(0, address.find(':') + 1);
    const bool tls = kind == "tls:", tcp = tls || kind == "tcp:";
    if (argc != (tls ? 4 : 2)) {
        std::fprintf(stderr, "usage: %s tcp:HOST:PORT|unix:PATH|tls:HOST:PORT CERTIFICATE KEY\n", argv[0]);
        return 2;
    }
    if (tcp) address.erase(0, 4);
    auto credentials = grpc::InsecureServerCredentials();
    if (tls) {
        grpc::SslServerCredentialsOptions options;
        options.pem_key_cert_pairs.push_back({read_file(argv[3]), read_file(argv[2])});
        credentials = grpc::SslServerCredentials(options);
    }

    Anchor::AsyncService service;
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(address, credentials, &port);
    builder.RegisterService(&service);
    auto queue = builder.AddCompletionQueue();
    auto server = builder.BuildAndStart();
    if (!server) return 1;
    if (tcp) address = address.substr(0, address.rfind(':') + 1) + std::to_string(port);
    std::printf("ready rpc=%s%s\n", tcp ? kind.c_str() : "", address.c_str());
    std::fflush(stdout);

    // Twice what the load keeps in flight: no request waits for a place, and thousands would slow gRPC down.
    std::vector<std::unique_ptr<Call>> calls;
    for (int i = 0; i < 256; i++) calls.push_back(std::make_unique<Call>(service, *queue));
    void *tag;
    bool ok;
    while (queue->Next(&tag, &ok)) static_cast<Call *>(tag)->completed(ok);
}
