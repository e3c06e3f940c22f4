// Keeps calls of Null in flight with gRPC C++'s asynchronous client, one thread, and prints the result as JSON.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "load.h"
#include "null.grpc.pb.h"

namespace {

using apus::anchors::Anchor;
using apus::v1::SendRequest;
using apus::v1::SendResponse;

// One place in flight: starts a call, and the next as soon as that one is answered.
struct Call {
    Call(Anchor::Stub &stub, grpc::CompletionQueue &queue) : stub(stub), queue(queue) {
        request.set_to(LOAD_TO);
        request.set_body(LOAD_BODY);
        request.set_priority(apus::v1::PRIORITY_NORMAL);
    }

    void start() {
        reader.reset();
        context.emplace();
        started_ns = load_now_ns();
        reader = stub.AsyncNull(&*context, request, &queue);
        reader->Finish(&response, &status, this);
    }

    Anchor::Stub &stub;
    grpc::CompletionQueue &queue;
    std::optional<grpc::ClientContext> context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<SendResponse>> reader;
    SendRequest request;
    SendResponse response;
    grpc::Status status;
    uint64_t started_ns = 0;
};

}  // namespace

int main(int argc, char **argv) {
    const load_options options = load_parse_options(argc, argv);
    std::string address = options.server;
    const bool tls = address.rfind("tls:", 0) == 0;
    if (tls || address.rfind("tcp:", 0) == 0) address.erase(0, 4);
    auto credentials = grpc::InsecureChannelCredentials();
    if (tls) {
        std::ostringstream ca;
        ca << std::ifstream(options.ca ? options.ca : "").rdbuf();
        credentials = grpc::SslCredentials({ca.str(), "", ""});
    }

    // Without a pool of its own every channel would share one connection.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    std::vector<std::unique_ptr<Anchor::Stub>> stubs;
    for (int i = 0; i < options.connections; i++) {
        auto channel = grpc::CreateCustomChannel(address, credentials, arguments);
        if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) {
            std::fprintf(stderr, "grpc_load: no connection to %s\n", options.server);
            return 3;
        }
        stubs.push_back(Anchor::NewStub(channel));
    }

    grpc::CompletionQueue queue;
    std::vector<std::unique_ptr<Call>> calls;
    for (auto &stub : stubs)
        for (int i = 0; i < options.in_flight; i++) calls.push_back(std::make_unique<Call>(*stub, queue));

    auto run = std::make_unique<load_run>();
    load_begin(run.get(), options);
    for (auto &call : calls) call->start();
    size_t running = calls.size();
    void *tag;
    bool ok;
    while (running > 0 && queue.Next(&tag, &ok)) {
        auto *call = static_cast<Call *>(tag);
        if (!call->status.ok() || call->response.id() == 0) {
            std::fprintf(stderr, "grpc_load: a call failed: %s\n", call->status.error_message().c_str());
            return 1;
        }
        const uint64_t now = load_now_ns();
        const load_phase phase = load_tick(run.get(), now);
        if (phase == LOAD_MEASURING) histogram_add(&run->latencies, now - call->started_ns);
        if (phase == LOAD_DONE) {
            running--;
        } else {
            call->start();
        }
    }
    load_print(run.get());
}
