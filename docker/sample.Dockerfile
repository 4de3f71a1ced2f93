# The sample app of suites/relyingparty/defective: an API that takes the issuer's
# tokens, sound where DEFECT is not set. AUTHORITY, JWKS_URI and AUDIENCE say whose.
FROM scratch
COPY rp-sample /rp-sample
USER 65532:65532
ENV BIND=0.0.0.0 PORT=8080
EXPOSE 8080
ENTRYPOINT ["/rp-sample"]
ARG VERSION=dev
LABEL org.opencontainers.image.title="rollover sample app" \
      org.opencontainers.image.description="API that survives a change of its issuer's signing keys, or fails in a way of your choice" \
      org.opencontainers.image.source="https://github.com/rollover-harness/rollover" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.licenses="Apache-2.0"
