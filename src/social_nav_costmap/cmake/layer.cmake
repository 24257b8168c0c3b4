# The Nav2 plugin: Humble, Jazzy, Kilted and Lyrical.
find_package(ament_index_cpp REQUIRED)
find_package(diagnostic_msgs REQUIRED)
find_package(geometry_msgs REQUIRED)
find_package(nav_msgs REQUIRED)
find_package(pluginlib REQUIRED)
find_package(rclcpp REQUIRED)
find_package(rclcpp_lifecycle REQUIRED)
find_package(social_nav_msgs REQUIRED)
find_package(tf2_ros REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(yaml_cpp_vendor REQUIRED)
find_package(yaml-cpp REQUIRED)

if(nav2_costmap_2d_VERSION VERSION_GREATER_EQUAL 1.5)
  set(CMAKE_CXX_STANDARD 20)  # Lyrical's headers need it
endif()

if(TARGET yaml-cpp::yaml-cpp)
  set(yaml_cpp yaml-cpp::yaml-cpp)
else()
  set(yaml_cpp yaml-cpp)
endif()

add_library(social_layer SHARED
  src/conversions.cpp src/layer_parameters.cpp src/model_file.cpp src/people_source.cpp
  src/plain_scalar.cpp src/plain_yaml.cpp src/social_layer.cpp)
target_link_libraries(social_layer PUBLIC
  skew_normal_field
  ${diagnostic_msgs_TARGETS}
  ${geometry_msgs_TARGETS}
  ${nav_msgs_TARGETS}
  ${social_nav_msgs_TARGETS}
  nav2_costmap_2d::nav2_costmap_2d_core
  pluginlib::pluginlib
  rclcpp::rclcpp
  rclcpp_lifecycle::rclcpp_lifecycle
  tf2_ros::tf2_ros)
target_link_libraries(social_layer PRIVATE
  ament_index_cpp::ament_index_cpp OpenSSL::Crypto ${yaml_cpp})

install(TARGETS social_layer EXPORT export_${PROJECT_NAME}
  ARCHIVE DESTINATION lib LIBRARY DESTINATION lib RUNTIME DESTINATION bin)
pluginlib_export_plugin_description_file(nav2_costmap_2d social_layer.xml)
ament_export_dependencies(
  diagnostic_msgs geometry_msgs nav2_costmap_2d nav_msgs pluginlib rclcpp rclcpp_lifecycle
  social_nav_msgs tf2_ros)
