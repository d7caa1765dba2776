# What Bunny's suite uses of the gem rabbitmq_http_api_client, which Debian does not have.
require "json"
require "net/http"
require "ostruct"
require "uri"

module RabbitMQ
  module HTTP
    class Client
      def initialize(endpoint)
        address = URI(endpoint)
        @http = Net::HTTP.new(address.host, address.port)
      end

      def list_connections = list("connections")
      def list_channels = list("channels")
      def list_queues = list("queues")
      def list_exchanges(vhost) = list("exchanges/#{URI.encode_www_form_component(vhost)}")

      # Back when it is closed: the suite asks for the list at once, and is used to an API that takes longer than the client's close-ok.
      def close_connection(name)
        send_request(Net::HTTP::Delete.new("/api/connections/#{URI.encode_www_form_component(name).gsub('+', '%20')}"))
        late = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 10
        while list_connections.any? { |connection| connection.name == name }
          raise "#{name} is still open" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > late
        end
      end

      private

      def list(what) = JSON.parse(send_request(Net::HTTP::Get.new("/api/#{what}")).body).map { |each| OpenStruct.new(each) }

      def send_request(request)
        request.basic_auth("guest", "guest")
        @http.request(request).tap { |answer| answer.value } # which raises unless it is 2xx
      end
    end
  end
end
