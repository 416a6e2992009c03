import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.protocol.MarshallingType;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.traits.MapTrait;
import software.amazon.awssdk.core.util.SdkAutoConstructList;
import software.amazon.awssdk.core.util.SdkAutoConstructMap;
import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.utils.BinaryUtils;

/** Calls the AWS SDK for Java: a call a line on stdin, its answer a line on stdout, as call-client.ts has it. */
public final class Client {
  private static final Map<List<Object>, Object> clients = new LinkedHashMap<>();

  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 0) {
      System.out.print(VersionInfo.SDK_VERSION);
      return;
    }
    var lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      var answer = new StringBuilder();
      write(answer, send(JsonNode.parser().parse(line)));
      System.out.println(answer);
    }
  }

  private static Object send(JsonNode asked) throws Exception {
    Object client = clientOf(asked);
    String operation = text(asked, "operation");
    String name = operation.substring(0, 1).toLowerCase() + operation.substring(1);
    Method method = Arrays.stream(client.getClass().getInterfaces()[0].getMethods())
        .filter(found -> found.getName().equals(name) && found.getParameterCount() == 1)
        .filter(found -> found.getParameterTypes()[0].getSimpleName().equals(operation + "Request"))
        .findFirst().orElse(null);
    if (method == null) return Map.of("unknown", true);
    Object builder = method.getParameterTypes()[0].getMethod("builder").invoke(null);
    Object request = filled((SdkPojo) builder, asked.field("input").orElseThrow());
    try {
      return Map.of("output", plain(method.invoke(client, request)));
    } catch (InvocationTargetException failed) {
      if (!(failed.getCause() instanceof AwsServiceException refused)) throw failed;
      var details = refused.awsErrorDetails();
      var error = new LinkedHashMap<String, Object>();
      error.put("code", details.errorCode());
      error.put("type", refused.getClass().getSimpleName());
      error.put("message", details.errorMessage());
      return Map.of("error", error);
    }
  }

  private static Object clientOf(JsonNode asked) {
    JsonNode keys = asked.field("keys").orElseThrow();
    String service = text(asked, "service");
    String region = text(asked, "region");
    AwsCredentials credentials = keys.field("sessionToken")
        .map(token -> (AwsCredentials) AwsSessionCredentials.create(
            text(keys, "accessKeyId"), text(keys, "secretAccessKey"), token.asString()))
        .orElseGet(() -> AwsBasicCredentials.create(text(keys, "accessKeyId"), text(keys, "secretAccessKey")));
    return clients.computeIfAbsent(List.of(service, region, credentials), key -> switch (service) {
      case "secretsmanager" -> built(SecretsManagerClient.builder(), region, credentials);
      case "sts" -> built(StsClient.builder(), region, credentials);
      case "kms" -> built(KmsClient.builder(), region, credentials);
      default -> built(SsmClient.builder(), region, credentials);
    });
  }

  /** The endpoint stands in AWS_ENDPOINT_URL, where the SDK looks itself. */
  private static <B extends AwsClientBuilder<B, C>, C> C built(B builder, String region, AwsCredentials credentials) {
    return builder.region(Region.of(region)).credentialsProvider(StaticCredentialsProvider.create(credentials)).build();
  }

  private static String text(JsonNode node, String field) {
    return node.field(field).orElseThrow().asString();
  }

  /** Sets the builder's members from JSON, by what the SDK says of each, and builds. */
  private static Object filled(SdkPojo builder, JsonNode json) throws Exception {
    for (SdkField<?> field : builder.sdkFields()) {
      JsonNode member = json.field(field.memberName()).orElse(null);
      if (member != null) field.set(builder, value(field, member));
    }
    Method build = builder.getClass().getMethod("build");
    build.setAccessible(true);
    return build.invoke(builder);
  }

  private static Object value(SdkField<?> field, JsonNode json) throws Exception {
    MarshallingType<?> type = field.marshallingType();
    if (type == MarshallingType.LIST) {
      SdkField<?> member = field.getTrait(ListTrait.class).memberFieldInfo();
      List<Object> items = new ArrayList<>();
      for (JsonNode item : json.asArray()) items.add(value(member, item));
      return items;
    }
    if (type == MarshallingType.MAP) {
      SdkField<?> member = field.getTrait(MapTrait.class).valueFieldInfo();
      Map<String, Object> entries = new LinkedHashMap<>();
      for (var entry : json.asObject().entrySet()) entries.put(entry.getKey(), value(member, entry.getValue()));
      return entries;
    }
    if (type == MarshallingType.SDK_POJO) return filled(field.constructor().get(), json);
    if (type == MarshallingType.SDK_BYTES) return SdkBytes.fromByteArray(BinaryUtils.fromBase64(json.asString()));
    if (type == MarshallingType.INTEGER) return Integer.valueOf(json.asNumber());
    if (type == MarshallingType.LONG) return Long.valueOf(json.asNumber());
    if (type == MarshallingType.BOOLEAN) return json.asBoolean();
    return json.asString();
  }

  private static Object plain(Object value) {
    if (value instanceof SdkPojo pojo) {
      Map<String, Object> members = new LinkedHashMap<>();
      for (SdkField<?> field : pojo.sdkFields()) {
        Object member = field.getValueOrDefault(pojo);
        boolean absent = member == null || member instanceof SdkAutoConstructList || member instanceof SdkAutoConstructMap;
        if (!absent) members.put(field.memberName(), plain(member));
      }
      return members;
    }
    if (value instanceof SdkBytes bytes) return BinaryUtils.toBase64(bytes.asByteArray());
    if (value instanceof List<?> items) return items.stream().map(Client::plain).toList();
    if (value instanceof Map<?, ?> entries) {
      Map<String, Object> members = new LinkedHashMap<>();
      entries.forEach((key, entry) -> members.put(key.toString(), plain(entry)));
      return members;
    }
    return value instanceof Instant ? value.toString() : value;
  }

  private static void write(StringBuilder out, Object value) {
    if (value instanceof Map<?, ?> entries) {
      String between = "{";
      if (entries.isEmpty()) out.append(between);
      for (var entry : entries.entrySet()) {
        out.append(between);
        between = ",";
        write(out, entry.getKey());
        out.append(':');
        write(out, entry.getValue());
      }
      out.append('}');
    } else if (value instanceof List<?> items) {
      out.append('[');
      for (int index = 0; index < items.size(); index++) {
        if (index > 0) out.append(',');
        write(out, items.get(index));
      }
      out.append(']');
    } else if (value instanceof Number || value instanceof Boolean) {
      out.append(value);
    } else {
      out.append('"');
      for (char unit : String.valueOf(value).toCharArray())
        out.append(unit < ' ' || unit == '"' || unit == '\\' || unit > '~' ? String.format("\\u%04x", (int) unit) : unit);
      out.append('"');
    }
  }
}
