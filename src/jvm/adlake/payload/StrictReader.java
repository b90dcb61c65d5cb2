package adlake.payload;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Reads one strict JSON object: the members that are asked for, or what is wrong with the text.
 *
 * <p>The quick way takes Jackson's word for everything and is the way of every good payload. What
 * it does not accept is read once more, without Jackson's limits on names, and judged in the order
 * of the law (src/adlake/payload/plain/strict_json.py, to which tests hold it equal).
 */
final class StrictReader {
  /** As contracts/law.py says; a test holds both equal. */
  static final int MAX_NESTING_DEPTH = 1000;

  private static final int NO_LIMIT = Integer.MAX_VALUE;
  private static final JsonFactory QUICK = factory(MAX_NESTING_DEPTH)
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .build();
  private static final JsonFactory EXACT = factory(NO_LIMIT)
      .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
      // Names that were made to collide would stop or slow down a table of names.
      .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
      .build();

  private static final UTF8String STRING = UTF8String.fromString("STRING");
  private static final UTF8String LONE = UTF8String.fromString("LONE");
  private static final UTF8String BIGINT = UTF8String.fromString("BIGINT");
  private static final UTF8String DOUBLE = UTF8String.fromString("DOUBLE");
  private static final UTF8String BOOLEAN = UTF8String.fromString("BOOLEAN");

  private final UTF8String names;
  private final Map<String, Integer> places;
  private UTF8String[] kinds;
  private UTF8String[] texts;

  /** A reader of the members with these names, which commas part. */
  StrictReader(UTF8String names) {
    this.names = names.copy();
    places = new HashMap<>();
    for (String name : names.toString().split(",")) {
      places.put(name, places.size());
    }
  }

  /** Whether it reads the members with these names. */
  boolean reads(UTF8String others) {
    return names.equals(others);
  }

  /** Kinds of the members, by their places; null for absent and null. */
  UTF8String[] kinds() {
    return kinds;
  }

  /** Texts of the members that are strings or numbers, by their places; else null. */
  UTF8String[] texts() {
    return texts;
  }

  /**
   * Reads a text of valid UTF-8 whose first character, after white space, is a brace.
   *
   * @return the law's name of what is wrong; null for one strict object
   */
  String read(byte[] text) {
    forget();
    try (JsonParser parser = QUICK.createParser(text)) {
      parser.nextToken();
      readMembers(parser);
      if (isBlank(text, (int) parser.currentLocation().getByteOffset())) {
        return null;
      }
    } catch (IOException | IllegalStateException e) {
      // Judged below.
    }
    forget();
    String fault = readExactly(new String(text, StandardCharsets.UTF_8));
    if (fault != null) {
      forget();
    }
    return fault;
  }

  private void forget() {
    kinds = new UTF8String[places.size()];
    texts = new UTF8String[places.size()];
  }

  private void readMembers(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      Integer place = places.get(parser.currentName());
      JsonToken token = parser.nextToken();
      if (place != null) {
        note(place, token, parser);
      }
      if (token.isStructStart()) {
        parser.skipChildren();
      }
    }
    if (parser.currentToken() != JsonToken.END_OBJECT) {
      throw new JsonParseException(parser, "the object has no end");
    }
  }

  private void note(int place, JsonToken token, JsonParser parser) throws IOException {
    switch (token) {
      case VALUE_STRING:
        String text = parser.getText();
        boolean isWhole = !hasLoneSurrogate(text);
        kinds[place] = isWhole ? STRING : LONE;
        texts[place] = isWhole ? UTF8String.fromString(text) : null;
        break;
      case VALUE_NUMBER_INT:
        kinds[place] = BIGINT;
        texts[place] = UTF8String.fromString(parser.getText());
        break;
      case VALUE_NUMBER_FLOAT:
        kinds[place] = DOUBLE;
        texts[place] = UTF8String.fromString(parser.getText());
        break;
      case VALUE_NULL:
        break;
      default:
        kinds[place] = BOOLEAN;
    }
  }

  private static boolean hasLoneSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        boolean isPair = i + 1 < text.length()
            && Character.isSurrogatePair(c, text.charAt(i + 1));
        if (!isPair) {
          return true;
        }
        i++;
      }
    }
    return false;
  }

  /** The same without limits; it says in which way the text is not one strict object. */
  private String readExactly(String text) {
    Deque<Set<String>> openNames = new ArrayDeque<>();
    Set<String> array = Set.of();
    boolean isDeep = false;
    boolean hasDuplicate = false;
    boolean hasNonFinite = false;
    try (JsonParser parser = EXACT.createParser(text)) {
      do {
        JsonToken token = parser.nextToken();
        if (token == null) {
          return "NOT_JSON";
        }
        if (token == JsonToken.FIELD_NAME) {
          hasDuplicate |= !openNames.peek().add(parser.currentName());
          continue;
        }
        if (openNames.size() == 1 && !token.isStructEnd()) {
          Integer place = places.get(parser.currentName());
          if (place != null) {
            note(place, token, parser);
          }
        }
        if (token.isStructStart()) {
          openNames.push(token == JsonToken.START_OBJECT ? new HashSet<>() : array);
          isDeep |= openNames.size() > MAX_NESTING_DEPTH;
        } else if (token.isStructEnd()) {
          openNames.pop();
        } else {
          hasNonFinite |= token == JsonToken.VALUE_NUMBER_FLOAT && parser.isNaN();
        }
      } while (!openNames.isEmpty());
      if (hasNonFinite) {
        return "NON_FINITE";
      }
      String rest = text.substring((int) parser.currentLocation().getCharOffset());
      if (!isBlank(rest.getBytes(StandardCharsets.UTF_8), 0)) {
        return "TRAILING_DATA";
      }
      return isDeep ? "TOO_DEEP" : hasDuplicate ? "DUP_KEY" : null;
    } catch (IOException e) {
      return "NOT_JSON";
    }
  }

  /** White space alone from a place on; a parser would judge what follows by its own rules. */
  private static boolean isBlank(byte[] text, int from) {
    for (int i = from; i < text.length; i++) {
      byte one = text[i];
      if (one != ' ' && one != '\t' && one != '\n' && one != '\r') {
        return false;
      }
    }
    return true;
  }

  private static JsonFactoryBuilder factory(int maxDepth) {
    StreamReadConstraints constraints = StreamReadConstraints.builder()
        .maxNestingDepth(maxDepth)
        .maxNameLength(NO_LIMIT)
        .maxNumberLength(NO_LIMIT)
        .maxStringLength(NO_LIMIT)
        .build();
    return new JsonFactoryBuilder()
        .streamReadConstraints(constraints)
        // Two first bytes can look like those of UTF-16.
        .disable(JsonFactory.Feature.CHARSET_DETECTION)
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES);
  }
}
