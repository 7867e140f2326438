Grailbird.data.tweets_2016_11 = 
 [ {
  "source" : "web",
  "entities" : { "user_mentions" : [ ], "media" : [ ], "hashtags" : [ { "text" : "OakPark", "indices" : [ 0, 8 ] } ], "urls" : [ { "url" : "https:\/\/t.co\/x", "expanded_url" : "https:\/\/parks.example\/oak?a=1&b=2", "display_url" : "parks.example\/oak", "indices" : [ 30, 40 ] } ] },
  "geo" : { },
  "id_str" : "803000000000000001",
  "text" : "#OakPark trees &amp; benches: \ud83c\udf33 https:\/\/t.co\/x",
  "id" : 803000000000000001,
  "created_at" : "2016-11-28 18:05:09 +0000",
  "user" : { "name" : "Riverbend Parks", "screen_name" : "RiverbendParks", "id_str" : "910000000000000001", "id" : 910000000000000001 }
} ]
