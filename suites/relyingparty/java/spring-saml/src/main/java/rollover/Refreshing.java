package rollover;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import org.springframework.security.saml2.provider.service.registration.RelyingPartyRegistration;
import org.springframework.security.saml2.provider.service.registration.RelyingPartyRegistrationRepository;
import org.springframework.security.saml2.provider.service.registration.RelyingPartyRegistrations;

/**
 * A registration whose metadata is read again when it is older than age. Spring Security 5.7 has nothing of the kind: its
 * RelyingPartyRegistrationRepository is the place that its reference names for it. Metadata that cannot be read leaves the
 * former one in place until the next turn.
 */
class Refreshing implements RelyingPartyRegistrationRepository, Iterable<RelyingPartyRegistration> {
  private final String metadata;
  private final String entity;
  private final Duration age;
  private RelyingPartyRegistration registration;
  private Instant readAt;

  Refreshing(String metadata, String entity, Duration age) {
    this.metadata = metadata;
    this.entity = entity;
    this.age = age;
    this.registration = read();
  }

  @Override
  public synchronized RelyingPartyRegistration findByRegistrationId(String id) {
    if (Instant.now().isAfter(readAt.plus(age))) {
      try {
        registration = read();
      } catch (RuntimeException e) { // not every kind is a Saml2Exception: a certificate that is none is not
        System.err.println("metadata cannot be read, the former one stays: " + e.getMessage());
      }
    }
    return id.equals(registration.getRegistrationId()) ? registration : null;
  }

  /** saml2Login asks for all registrations once: where there is but one it is asked for at once. */
  @Override
  public synchronized Iterator<RelyingPartyRegistration> iterator() {
    return List.of(registration).iterator();
  }

  private RelyingPartyRegistration read() {
    readAt = Instant.now();
    return RelyingPartyRegistrations.fromMetadataLocation(metadata).registrationId("rollover").entityId(entity).build();
  }
}
