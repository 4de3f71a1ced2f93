package rollover;

import static org.springframework.security.config.Customizer.withDefaults;

import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.HtmlUtils;

/**
 * An ordinary app behind Spring Security 5.7.11's saml2Login (Spring Boot 2.7.18, OpenSAML 3.4.6), set up by
 * application.properties alone. Its defaults: the identity provider's metadata is read once, while the app starts, without
 * a look at its signature; an app that cannot read it does not start; a refused sign-in is sent to /login?error.
 */
@SpringBootApplication
public class App {
  public static void main(String[] args) {
    SpringApplication.run(App.class, args);
  }

  @Bean
  SecurityFilterChain security(HttpSecurity http) throws Exception {
    return http
        .authorizeHttpRequests(requests -> requests.antMatchers("/healthz").permitAll().anyRequest().authenticated())
        .saml2Login(withDefaults())
        .build();
  }

  /** What cures it: METADATA_REFRESH (such as 3s) puts a repository of the app's own in the place of Boot's. */
  @Bean
  @ConditionalOnProperty("METADATA_REFRESH")
  Refreshing refreshing(
      @Value("${METADATA}") String metadata, @Value("${AUDIENCE}") String entity, @Value("${METADATA_REFRESH}") Duration age) {
    return new Refreshing(metadata, entity, age);
  }

  @RestController
  static class Pages {
    @GetMapping("/healthz")
    String health() {
      return "up";
    }

    @GetMapping("/")
    String home(Authentication signedIn) {
      return "<p>Signed in as " + HtmlUtils.htmlEscape(signedIn.getName()) + "</p>";
    }
  }
}
