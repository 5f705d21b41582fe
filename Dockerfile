# The whole program is one static binary; the image holds it and nothing else.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w' -o /out/habeas ./cmd/habeas
# Where staged data and packages go: a volume takes its owner from here.
RUN mkdir -p /out/data && cp /usr/local/go/lib/time/zoneinfo.zip /out/

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/zoneinfo.zip /zoneinfo.zip
COPY --from=build /out/habeas /habeas
COPY --from=build --chown=65532:65532 /out/data /data
ENV ZONEINFO=/zoneinfo.zip
USER 65532:65532
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/habeas"]
CMD ["serve"]
