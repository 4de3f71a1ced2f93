# The issuer: the static binary that `make image` lays into the build context,
# and nothing else. No registry is asked.
#
# By itself mockidp listens on 127.0.0.1. This image listens on ALL interfaces of
# its container, because nothing could be published otherwise. Whoever reaches
# port 8401 commands the issuers and has any token signed: publish it by itself,
# on 127.0.0.1 (-p 127.0.0.1:8401:8401), or not at all.
FROM scratch
COPY mockidp /mockidp
USER 65532:65532
EXPOSE 8400 8401
# Flags that are given to `docker run` come after these, and the last one counts.
ENTRYPOINT ["/mockidp", "--listen", "0.0.0.0:8400", "--control", "0.0.0.0:8401"]
HEALTHCHECK --interval=2s --timeout=3s --retries=3 CMD ["/mockidp", "health"]
ARG VERSION=dev
LABEL org.opencontainers.image.title="mockidp" \
      org.opencontainers.image.description="Mock OpenID Connect, WS-Federation and SAML issuer whose keys roll on command (for tests only)" \
      org.opencontainers.image.source="https://github.com/rollover-harness/rollover" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.licenses="Apache-2.0"
